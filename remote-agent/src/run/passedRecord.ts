import type { RunEvents } from "../protocol/rpc.ts";
import { clip } from "./index/bounded.ts";

type Passed = RunEvents["records"][number];

/**
 * A client lets go of a host that sends a message of more than 8 MiB (src/link/frameGuard.ts). A range has at most so many characters and
 * one record more; in JSON a character has at most six bytes.
 */
export const RANGE_CHARS = 2 ** 20;
const RECORD_CHARS = 2 ** 18;
/** What is left of a record that is cut. */
const FIELDS = 40;
const FIELD_CHARS = 4096;

/**
 * A record as clients are sent it, with its size in characters. One that no run of ours has, because it is longer than any that is taken
 * in, is cut and says `clipped`: long texts to their beginnings, long lists away. The journal and `runs/record` have the whole.
 */
export function passedRecord(record: Passed): { record: Passed; chars: number } {
  const chars = charsOf(record, RECORD_CHARS + 1);
  if (chars <= RECORD_CHARS) return { record, chars };
  const cut: Record<string, unknown> = {};
  let fields = 0;
  for (const name in record) {
    if (++fields > FIELDS) break;
    const value = record[name];
    if (name.length > FIELD_CHARS) continue;
    if (typeof value === "string") cut[name] = clip(value, FIELD_CHARS).text;
    else if (charsOf(value, FIELD_CHARS + 1) <= FIELD_CHARS) cut[name] = value;
  }
  const { seq, type } = record;
  const passed = { ...cut, seq, type: clip(type, FIELD_CHARS).text, clipped: true };
  return { record: passed, chars: charsOf(passed, 2 * FIELDS * FIELD_CHARS) };
}

/** About as many as its JSON has; counting stops at `most`. */
function charsOf(value: unknown, most: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  let chars = 2;
  if (Array.isArray(value)) {
    for (const inner of value) {
      chars += 1 + charsOf(inner, most - chars);
      if (chars >= most) break;
    }
    return chars;
  }
  for (const name in value) {
    chars += name.length + 4 + charsOf((value as Record<string, unknown>)[name], most - chars);
    if (chars >= most) break;
  }
  return chars;
}
