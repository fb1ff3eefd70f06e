import { PassThrough, type Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";

/** The longest message that is read: many times the longest of an honest agent, little enough to be parsed without a pause. */
export const MOST_MESSAGE_BYTES = 8 * 2 ** 20;
const MOST_HEADER_BYTES = 1024;
const END = "\r\n\r\n";

/**
 * Passes on a stream of framed messages as long as the frames are such, one message a turn of the event loop: what a flood of them
 * takes is the sender's time. What breaks the framing ends it; nothing is buffered but one header.
 *
 * @param onBroken called once with what was sent, for a sentence
 */
export function guardFrames(from: Readable, onBroken: (what: string) => void): Readable {
  const out = new PassThrough();
  pump(from, out)
    .then((broken) => {
      if (broken !== null) onBroken(broken);
    })
    .catch(() => undefined) // the stream's own end, which its owner sees
    .finally(() => out.end());
  return out;
}

async function pump(from: Readable, out: PassThrough): Promise<string | null> {
  let header = "";
  let left = 0;
  let depth = new Depth();
  for await (const piece of from) {
    let chunk = piece as Buffer;
    while (chunk.length > 0) {
      if (left > 0) {
        const body = chunk.subarray(0, left);
        chunk = chunk.subarray(body.length);
        left -= body.length;
        if (depth.tooDeep(body)) return "lists within lists without end";
        out.write(body);
        if (left === 0) await turn();
        continue;
      }
      const before = header.length;
      header += chunk.subarray(0, MOST_HEADER_BYTES).toString("latin1");
      const end = header.indexOf(END);
      if (end < 0) {
        if (header.length > MOST_HEADER_BYTES) return "a message without an end of its header";
        chunk = chunk.subarray(MOST_HEADER_BYTES);
        continue;
      }
      const whole = header.slice(0, end + END.length);
      const length = lengthOf(header.slice(0, end));
      if (length === null) return "a message without a length";
      if (length > MOST_MESSAGE_BYTES) return `a message of more than ${MOST_MESSAGE_BYTES / 2 ** 20} MiB`;
      out.write(Buffer.from(whole, "latin1"));
      chunk = chunk.subarray(whole.length - before);
      header = "";
      left = length;
      depth = new Depth();
    }
  }
  return null;
}

/** Reading JSON that is nested a million deep takes seconds; no message of ours is nested more than a few times. */
class Depth {
  static readonly #most = 100;
  #depth = 0;
  #inString = false;
  #escaped = false;

  tooDeep(body: Buffer): boolean {
    for (const byte of body) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === 0x5c) this.#escaped = this.#inString;
      else if (byte === 0x22) this.#inString = !this.#inString;
      else if (this.#inString) continue;
      else if (byte === 0x5b || byte === 0x7b) this.#depth += 1;
      else if (byte === 0x5d || byte === 0x7d) this.#depth -= 1;
      if (this.#depth > Depth.#most) return true;
    }
    return false;
  }
}

function lengthOf(header: string): number | null {
  let length: number | null = null;
  for (const line of header.split("\r\n")) {
    const found = /^content-length: *(\d{1,12})$/i.exec(line)?.[1];
    if (found !== undefined && length === null) length = Number(found);
    else if (!/^content-type: [\x20-\x7e]*$/i.test(line)) return null;
  }
  return length === null || length === 0 ? null : length;
}
