import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { type JournalFile, type JournalFs, nodeFs, readUpTo, writeAll } from "./fs.ts";
import { trimmedEntry } from "./packEntry.ts";

/*
 * A pack from which token ids and log-probabilities were removed. Records go on naming the places of the pack as it was
 * written, so it starts with where these are now. Little-endian: magic u32, crc32 u32 of the rows, count u32, then per entry a row
 * of old offset, new offset (u48 each) and new length (u32); then the entries. An entry's own magic differs from this one, so
 * the first four bytes tell which kind of pack a file is.
 */
const MAGIC = 0x54505a52; // "RZPT"
export const TRIMMED_HEADER_BYTES = 12;
const HEADER_BYTES = TRIMMED_HEADER_BYTES;
const ROW_BYTES = 16;

/** By the offset that records name: where the entry lies now. */
export type TrimmedIndex = ReadonlyMap<number, { readonly offset: number; readonly length: number }>;

export interface EntryToTrim {
  /** As records name it. */
  readonly offset: number;
  readonly length: number;
  /** Stays as it is. */
  readonly keep: boolean;
}

/** The index of a trimmed pack, null for one as it was written, or what is wrong with it. */
export async function readTrimmedIndex(file: JournalFile): Promise<TrimmedIndex | null | { readonly problem: string }> {
  const head = await readUpTo(file, 0, HEADER_BYTES);
  const length = trimmedIndexBytes(head);
  if (length === null) return null;
  return decodeTrimmedIndex(length > (await file.size()) ? head : await readUpTo(file, 0, length));
}

/** Length of the index by the first 12 bytes of a pack; null for a pack as it was written. */
export function trimmedIndexBytes(head: Buffer): number | null {
  if (head.length < HEADER_BYTES || head.readUInt32LE(0) !== MAGIC) return null;
  return HEADER_BYTES + head.readUInt32LE(8) * ROW_BYTES;
}

/** `bytes`: the start of a trimmed pack, as long as its index says. */
export function decodeTrimmedIndex(bytes: Buffer): TrimmedIndex | { readonly problem: string } {
  const rows = bytes.subarray(HEADER_BYTES);
  if (bytes.length !== trimmedIndexBytes(bytes) || crc32(rows) !== bytes.readUInt32LE(4))
    return { problem: "the index of a trimmed pack is damaged" };
  const index = new Map<number, { offset: number; length: number }>();
  for (let at = 0; at < rows.length; at += ROW_BYTES) {
    index.set(rows.readUIntLE(at, 6), { offset: rows.readUIntLE(at + 6, 6), length: rows.readUInt32LE(at + 12) });
  }
  return index;
}

/**
 * Rewrites a pack without the token ids and log-probabilities of its entries, except of those to keep. The new file takes
 * the old one's place in one step, so a reader finds the one or the other, whole; after a crash it may be done again.
 * Entries that no record names are left out. Answers the bytes that became free.
 * @throws the file system's error, or one that says which entry is damaged; the pack is then as it was.
 */
export async function trimPack(
  dir: string,
  pack: string,
  entries: readonly EntryToTrim[],
  fs: JournalFs = nodeFs,
): Promise<number> {
  if (entries.length === 0 || entries.every((entry) => entry.keep)) return 0;
  const file = await fs.open(`${dir}/${pack}`, "read");
  const temporary = `${dir}/.${pack}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const index = await readTrimmedIndex(file);
    if (index !== null && "problem" in index) throw new Error(`packs/${pack}: ${index.problem}`);
    const before = await file.size();
    const target = await fs.open(temporary, "create");
    try {
      const rows = Buffer.alloc(entries.length * ROW_BYTES);
      let at = HEADER_BYTES + rows.length;
      for (const [i, entry] of entries.entries()) {
        const place = index === null ? entry : index.get(entry.offset);
        if (place === undefined) throw new Error(`packs/${pack} has no entry at ${entry.offset}`);
        const bytes = await readUpTo(file, place.offset, place.length);
        const left = trimmedEntry(bytes);
        if (!Buffer.isBuffer(left)) throw new Error(`packs/${pack} at ${entry.offset}: ${left.problem}`);
        const stored = entry.keep ? bytes : left;
        await writeAll(target, stored, at);
        rows.writeUIntLE(entry.offset, i * ROW_BYTES, 6);
        rows.writeUIntLE(at, i * ROW_BYTES + 6, 6);
        rows.writeUInt32LE(stored.length, i * ROW_BYTES + 12);
        at += stored.length;
      }
      await writeAll(target, Buffer.concat([headerOf(rows, entries.length), rows]), 0);
      await target.datasync();
      if (at >= before && index !== null) return 0; // it was trimmed before
      await fs.rename(temporary, `${dir}/${pack}`);
      return Math.max(0, before - at);
    } finally {
      await target.close();
    }
  } finally {
    await file.close();
    await fs.remove(temporary);
  }
}

function headerOf(rows: Buffer, count: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(crc32(rows), 4);
  header.writeUInt32LE(count, 8);
  return header;
}
