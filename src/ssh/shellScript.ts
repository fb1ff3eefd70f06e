import { randomBytes } from "node:crypto";

/** A script in a form that any login shell hands on unchanged, and the line after which its own output begins. */
export interface FramedScript {
  readonly command: string;
  readonly marker: Buffer;
}

/**
 * ssh gives a command to the user's login shell, which may be fish or csh, and whose start-up files may print. So the script travels as
 * base64 in words without quotes, backslashes, newlines or `!`, is run by `sh`, and says when it begins.
 */
export function framed(script: string, token = randomBytes(12).toString("hex")): FramedScript {
  const whole = `printf '%s\\n' 'rzero:${token}'\n${script}\n`;
  const encoded = Buffer.from(whole, "utf8").toString("base64");
  return {
    command: `exec sh -c 'eval "$(printf %s ${encoded} | base64 -d)"'`,
    marker: Buffer.from(`rzero:${token}\n`),
  };
}

/** One word for `sh`, whatever it contains. @throws RangeError for NUL, which no shell can pass */
export function quoted(word: string): string {
  if (word.includes("\0")) throw new RangeError("A shell word cannot contain NUL.");
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Output of a start-up file may precede the marker; more than this and it is taken for an endless one. */
export const MOST_NOISE_BYTES = 4 * 2 ** 20;

/** Passes on what follows the marker. @returns whether the marker has been seen */
export class AfterMarker {
  readonly #marker: Buffer;
  #before = Buffer.alloc(0);
  #noise = 0;
  seen = false;

  constructor(marker: Buffer) {
    this.#marker = marker;
  }

  /** What start-up files printed, its end. */
  get noise(): string {
    return this.#before.toString("utf8").slice(-2000);
  }

  get tooNoisy(): boolean {
    return !this.seen && this.#noise > MOST_NOISE_BYTES;
  }

  take(chunk: Buffer): Buffer {
    if (this.seen) return chunk;
    this.#noise += chunk.length;
    const all = Buffer.concat([this.#before, chunk]);
    const at = all.indexOf(this.#marker);
    if (at < 0) {
      this.#before = all.subarray(Math.max(0, all.length - Math.max(2000, this.#marker.length)));
      return Buffer.alloc(0);
    }
    this.seen = true;
    this.#before = all.subarray(0, at);
    return all.subarray(at + this.#marker.length);
  }
}
