import { crc32 } from "node:zlib";
import { CRC_DIGITS } from "./record.ts";

const SPACE = 0x20;
const LF = 0x0a;
/** CRC, length and what separates them, at most. */
const FRAME = 24;
const FIRST_BYTES = 2 ** 20;

/**
 * Lines of a segment, encoded one after the other into memory that is used again for the next group: each record's text is turned
 * into bytes once, and its CRC is taken over these bytes.
 */
export class LineBuffer {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of the lines: good until `clear`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Adds the line of a record whose JSON is `json`. */
  add(json: string): void {
    const most = 3 * json.length + FRAME; // UTF-8 takes three bytes a UTF-16 unit at most
    if (this.#buffer.length - this.#length < most) this.#grow(this.#length + most);
    const buffer = this.#buffer;
    const start = this.#length;
    let digits = decimals(json.length);
    let at = start + CRC_DIGITS + 1 + digits + 1;
    const bytes = buffer.write(json, at, "utf8");
    const needed = decimals(bytes);
    if (needed !== digits) {
      buffer.copyWithin(at + needed - digits, at, at + bytes);
      at += needed - digits;
      digits = needed;
    }
    const crc = crc32(buffer.subarray(at, at + bytes))
      .toString(16)
      .padStart(CRC_DIGITS, "0");
    buffer.write(crc, start, "latin1");
    buffer[start + CRC_DIGITS] = SPACE;
    buffer.write(String(bytes), start + CRC_DIGITS + 1, "latin1");
    buffer[at - 1] = SPACE;
    buffer[at + bytes] = LF;
    this.#length = at + bytes + 1;
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(least, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function decimals(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count += 1;
  return count;
}
