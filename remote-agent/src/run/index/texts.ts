import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import type { PackRef } from "../../protocol/records.ts";
import { decodeEntry } from "../journal/packEntry.ts";
import { decodeTrimmedIndex, TRIMMED_HEADER_BYTES, trimmedIndexBytes } from "../journal/trimmedPack.ts";

const LONGEST_SPAN_BYTES = 2 ** 26;

/**
 * The texts of pack entries, in the order of `refs`; null where one cannot be had (removed or damaged). Entries of one pack
 * that lie close together are read at once, because a call writes them side by side.
 */
export function readTexts(runDir: string, refs: readonly PackRef[]): (string | null)[] {
  const texts: (string | null)[] = refs.map(() => null);
  const places = currentPlaces(runDir, refs);
  for (const span of spansOf(places)) {
    const bytes = readSpan(path.join(runDir, "packs", span.pack), span.from, span.to - span.from);
    if (bytes === null) continue;
    for (const index of span.entries) {
      const { offset, length } = places[index] as PackRef;
      texts[index] = textIn(bytes.subarray(offset - span.from, offset - span.from + length));
    }
  }
  return texts;
}

/** Where the entries lie now: retention may have rewritten a pack, and then it starts with an index of them. */
function currentPlaces(runDir: string, refs: readonly PackRef[]): PackRef[] {
  const indexes = new Map<string, ReturnType<typeof trimmedIndexOf>>();
  return refs.map((ref) => {
    if (!/^[\w-]+\.pack$/.test(ref.pack)) return ref;
    if (!indexes.has(ref.pack)) indexes.set(ref.pack, trimmedIndexOf(path.join(runDir, "packs", ref.pack)));
    const index = indexes.get(ref.pack);
    if (index === undefined || index === null) return ref;
    return { pack: ref.pack, ...("problem" in index ? GONE : (index.get(ref.offset) ?? GONE)) };
  });
}

const GONE = { offset: 0, length: 0 };

function trimmedIndexOf(file: string) {
  const head = readSpan(file, 0, TRIMMED_HEADER_BYTES);
  const length = head === null ? null : trimmedIndexBytes(head);
  const bytes = length === null || length > LONGEST_SPAN_BYTES ? null : readSpan(file, 0, length);
  return bytes === null ? null : decodeTrimmedIndex(bytes);
}

interface Span {
  readonly pack: string;
  readonly from: number;
  to: number;
  readonly entries: number[];
}

function spansOf(refs: readonly PackRef[]): Span[] {
  const spans: Span[] = [];
  for (const [index, { pack, offset, length }] of refs.entries()) {
    if (!/^[\w-]+\.pack$/.test(pack)) continue;
    const last = spans.at(-1);
    const joins =
      last?.pack === pack &&
      offset >= last.from &&
      offset <= last.to &&
      offset + length - last.from <= LONGEST_SPAN_BYTES;
    if (last !== undefined && joins) {
      last.to = Math.max(last.to, offset + length);
      last.entries.push(index);
    } else spans.push({ pack, from: offset, to: offset + length, entries: [index] });
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

function readSpan(file: string, from: number, length: number): Buffer | null {
  try {
    const descriptor = openSync(file, "r");
    try {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, from));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}
