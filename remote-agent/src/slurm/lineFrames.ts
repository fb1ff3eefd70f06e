const MOST_BYTES = 64 * 2 ** 20;

/**
 * Bytes as lines of base64, an empty line as a sign of life: srun hands on a step's output by whole lines, so that the end of a
 * message without one would wait for the next.
 */
export class LineFrames {
  readonly #write: (line: string) => void;
  #pending = "";

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  send(chunk: Uint8Array): void {
    this.#write(`${Buffer.from(chunk).toString("base64")}\n`);
  }

  heartbeat(): void {
    this.#write("\n");
  }

  /** What the whole lines of a piece of text hold. @throws when a line never ends: nobody of ours is at the other end */
  receive(text: Uint8Array): Buffer[] {
    const lines = (this.#pending + Buffer.from(text).toString("latin1")).split("\n");
    this.#pending = lines.pop() ?? "";
    if (this.#pending.length > MOST_BYTES) throw new Error("The bridge sent a line without an end.");
    return lines.filter((line) => line !== "").map((line) => Buffer.from(line, "base64"));
  }
}
