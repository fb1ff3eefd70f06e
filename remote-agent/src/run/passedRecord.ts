import type { RunEvents } from "../protocol/rpc.ts";
import { clipDeep } from "./index/bounded.ts";

type Passed = RunEvents["records"][number];

/**
 * A client lets go of a host that sends a message of more than 8 MiB (src/link/frameGuard.ts). A range has at most so many characters and
 * one record more; in JSON a character has at most six bytes.
 */
export const RANGE_CHARS = 2 ** 20;
const RECORD_CHARS = 2 ** 18;

/**
 * A record as clients are sent it, with its size in characters. One that no run of ours has, because a text in it is longer than any that
 * is taken in, is cut and says `clipped`; the journal and `runs/record` have the whole.
 */
export function passedRecord(record: Passed): { record: Passed; chars: number } {
  const chars = charsOf(record, RECORD_CHARS + 1);
  if (chars <= RECORD_CHARS) return { record, chars };
  for (let most = 4096; most >= 16; most /= 4) {
    const cut = { ...(clipDeep(record, most, most).value as Passed), clipped: true };
    const left = charsOf(cut, RECORD_CHARS + 1);
    if (left <= RECORD_CHARS) return { record: cut, chars: left };
  }
  const { seq, type } = record;
  return { record: { seq, type, clipped: true }, chars: type.length };
}

/** About as many as its JSON has; counting stops at `most`. */
function charsOf(value: unknown, most: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  let chars = 2;
  for (const [name, inner] of Object.entries(value)) {
    chars += (Array.isArray(value) ? 1 : name.length + 4) + charsOf(inner, most - chars);
    if (chars >= most) break;
  }
  return chars;
}
