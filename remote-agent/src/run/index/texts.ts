import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import type { PackRef } from "../../protocol/records.ts";
import { decodeEntry } from "../journal/packEntry.ts";
import {
  decodeTrimmedIndex,
  TRIMMED_HEADER_BYTES,
  type TrimmedIndex,
  trimmedIndexBytes,
} from "../journal/trimmedPack.ts";

const LONGEST_SPAN_BYTES = 2 ** 26;

/**
 * The texts of pack entries, in the order of `refs`; null where one cannot be had (removed or damaged). Entries of one pack
 * that lie close together are read at once, because a call writes them side by side.
 */
export function readTexts(runDir: string, refs: readonly PackRef[]): (string | null)[] {
  const texts: (string | null)[] = refs.map(() => null);
  for (const [pack, members] of Map.groupBy(refs.keys(), (i) => refs[i]?.pack ?? "")) {
    if (!/^[\w-]+\.pack$/.test(pack)) continue;
    const own = members.map((i) => refs[i] as PackRef);
    const found = withFile(path.join(runDir, "packs", pack), (descriptor) => textsIn(descriptor, own));
    members.forEach((i, k) => {
      texts[i] = found?.[k] ?? null;
    });
  }
  return texts;
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

function textsIn(descriptor: number, refs: readonly Place[]): (string | null)[] {
  const index = trimmedIndexOf(descriptor);
  const places = refs.map((ref) => (index === null ? ref : index.get(ref.offset)));
  const texts: (string | null)[] = refs.map(() => null);
  for (const { from, to, entries } of spansOf(places)) {
    const bytes = readAt(descriptor, from, to - from);
    for (const i of entries) {
      const { offset, length } = places[i] as Place;
      texts[i] = textIn(bytes.subarray(offset - from, offset - from + length));
    }
  }
  return texts;
}

/** Records name the places of a pack as it was written; a trimmed one says where these are now. */
function trimmedIndexOf(descriptor: number): TrimmedIndex | null {
  const length = trimmedIndexBytes(readAt(descriptor, 0, TRIMMED_HEADER_BYTES));
  if (length === null) return null;
  const index = decodeTrimmedIndex(readAt(descriptor, 0, Math.min(length, LONGEST_SPAN_BYTES)));
  return "problem" in index ? new Map() : index;
}

interface Span {
  readonly from: number;
  to: number;
  readonly entries: number[];
}

function spansOf(places: readonly (Place | undefined)[]): Span[] {
  const spans: Span[] = [];
  for (const [i, place] of places.entries()) {
    if (place === undefined) continue;
    const { offset, length } = place;
    const last = spans.at(-1);
    const end = offset + length;
    if (last !== undefined && offset >= last.from && offset <= last.to && end - last.from <= LONGEST_SPAN_BYTES) {
      last.to = Math.max(last.to, end);
      last.entries.push(i);
    } else spans.push({ from: offset, to: end, entries: [i] });
  }
  return spans;
}

function textIn(bytes: Buffer): string | null {
  try {
    const entry = decodeEntry(bytes);
    return "problem" in entry ? null : (entry.text ?? null);
  } catch {
    return null; // a text that does not inflate is a text that is not there
  }
}

function readAt(descriptor: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, from));
}

function withFile<T>(file: string, work: (descriptor: number) => T): T | null {
  try {
    const descriptor = openSync(file, "r");
    try {
      return work(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null; // what is not there or cannot be read is missing, and is counted as such
  }
}
