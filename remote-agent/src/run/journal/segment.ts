import { createHash, type Hash } from "node:crypto";
import * as z from "zod";
import { JournalCorrupt } from "./errors.ts";
import { type JournalFile, type JournalFs, readUpTo } from "./fs.ts";
import { decodeAt, encodeBody, findRecord, type JournalRecord, recordJson, recordLine } from "./record.ts";

/** Where records lie: `length` bytes from `offset` of segment number `segment`. */
export interface Location {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

export interface LocatedRecord {
  readonly record: JournalRecord;
  readonly location: Location;
}

/** What is known of a segment without reading it. `first` = `last` + 1 when it holds no records. */
export interface SegmentInfo {
  readonly number: number;
  readonly first: number;
  readonly last: number;
  /** Epoch of its last record. */
  readonly epoch: number;
  readonly count: number;
  /** Bytes of whole records, without the footer. */
  readonly bytes: number;
  readonly sealed: boolean;
}

/** Bytes that were cut from the end of a segment, and the file in the journal's directory they were copied to. */
export interface CutTail {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
  readonly savedAs: string;
}

/** Ends a sealed segment. Its own `seq` repeats `last`; `sha256` is over all bytes before it. */
const Footer = z.object({
  type: z.literal("footer"),
  seq: z.int(),
  epoch: z.int(),
  count: z.int().nonnegative(),
  first: z.int(),
  last: z.int(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
});
export type Footer = z.infer<typeof Footer>;

const FOOTER_BYTES_AT_MOST = 1024;

export function segmentName(number: number): string {
  return `${String(number).padStart(8, "0")}.log`;
}

/** Numbers of the segments in a journal directory, ascending. Throws JournalCorrupt when one is missing. */
export async function listSegments(fs: JournalFs, dir: string): Promise<number[]> {
  const numbers = (await fs.list(dir))
    .filter((name) => /^\d{8,}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
  numbers.forEach((number, index) => {
    if (number !== index + 1) throw new JournalCorrupt(segmentName(index + 1), 0, "the segment is missing");
  });
  return numbers;
}

export function footerLine(info: Omit<SegmentInfo, "sealed">, hash: Hash, t: number): string {
  const { first, last, count, bytes } = info;
  const body = encodeBody({ type: "footer", count, first, last, bytes, sha256: hash.copy().digest("hex") } as const);
  return recordLine(recordJson(body, last, info.epoch, t));
}

/** The footer at the end of `file`, or undefined when it does not end with a valid one that fits the file's size. */
export async function readFooter(file: JournalFile): Promise<Footer | undefined> {
  const size = await file.size();
  const tailStart = Math.max(0, size - FOOTER_BYTES_AT_MOST);
  const tail = await readUpTo(file, tailStart, size - tailStart);
  const lineStart = tail.subarray(0, -1).lastIndexOf(0x0a) + 1;
  const decoded = decodeAt(tail, lineStart);
  if (!("record" in decoded) || decoded.next !== tail.length) return undefined;
  const footer = Footer.safeParse(decoded.record);
  if (!footer.success || footer.data.bytes !== tailStart + lineStart) return undefined;
  return footer.data;
}

export interface SegmentScan {
  readonly records: number;
  readonly lastSeq: number;
  readonly lastEpoch: number;
  /** Bytes up to the first one that is not part of a whole record; the footer is not counted. */
  readonly end: number;
  readonly footer?: Footer;
  /** Why the bytes from `end` on are no record, when there are any. */
  readonly torn?: string;
}

/**
 * Reads a segment's bytes record by record and hands each to `visit`. Sequence numbers must follow `lastSeq` without a
 * gap and epochs must not fall. Bytes at the end that are no whole record are a torn tail; anything unreadable that a
 * whole record follows was durable once: JournalCorrupt.
 */
export function scanSegment(
  bytes: Buffer,
  number: number,
  before: { readonly lastSeq: number; readonly lastEpoch: number },
  visit?: (found: LocatedRecord) => void,
): SegmentScan {
  const name = segmentName(number);
  let { lastSeq, lastEpoch } = before;
  let records = 0;
  let at = 0;
  while (at < bytes.length) {
    const decoded = decodeAt(bytes, at);
    if ("problem" in decoded) {
      if (decoded.whole) throw new JournalCorrupt(name, at, decoded.problem);
      if (findRecord(bytes, at) !== undefined)
        throw new JournalCorrupt(name, at, `${decoded.problem}, and later records follow`);
      return { records, lastSeq, lastEpoch, end: at, torn: decoded.problem };
    }
    const { record, next } = decoded;
    if (record.type === "footer") {
      const footer = checkedFooter(record, bytes.subarray(0, at), { name, at, records, lastSeq });
      if (next !== bytes.length) throw new JournalCorrupt(name, next, "bytes follow the footer of a sealed segment");
      return { records, lastSeq, lastEpoch, end: at, footer };
    }
    if (record.seq !== lastSeq + 1) {
      throw new JournalCorrupt(name, at, `record ${record.seq} stands where ${lastSeq + 1} should`);
    }
    if (record.epoch < lastEpoch) {
      throw new JournalCorrupt(name, at, `epoch ${record.epoch} of an earlier owner follows epoch ${lastEpoch}`);
    }
    visit?.({ record, location: { segment: number, offset: at, length: next - at } });
    ({ seq: lastSeq, epoch: lastEpoch } = record);
    records += 1;
    at = next;
  }
  return { records, lastSeq, lastEpoch, end: at };
}

function checkedFooter(
  record: JournalRecord,
  before: Buffer,
  seen: { name: string; at: number; records: number; lastSeq: number },
): Footer {
  const footer = Footer.safeParse(record);
  const fits =
    footer.success &&
    footer.data.count === seen.records &&
    footer.data.last === seen.lastSeq &&
    footer.data.first === seen.lastSeq - seen.records + 1 &&
    footer.data.bytes === seen.at &&
    footer.data.sha256 === createHash("sha256").update(before).digest("hex");
  if (!fits) throw new JournalCorrupt(seen.name, seen.at, "the footer does not match the records before it");
  return footer.data;
}
