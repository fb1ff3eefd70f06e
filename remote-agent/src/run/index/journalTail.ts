import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { JournalCorrupt } from "../journal/errors.ts";
import { decodeAt, type JournalRecord } from "../journal/record.ts";
import { segmentName } from "../journal/segment.ts";

/** A place between two records of a journal: behind record `seq`, at byte `offset` of segment number `segment`. */
export const position = z.object({
  seq: z.number().int(),
  segment: z.number().int(),
  offset: z.number().int(),
  /** Where record `seq` starts in that segment, and its checksum as written: tells whether this is still that journal. */
  last: z.number().int(),
  crc: z.string(),
});
export type Position = Readonly<z.infer<typeof position>>;

export const START: Position = { seq: 0, segment: 1, offset: 0, last: -1, crc: "" };

export interface TailRecord {
  readonly record: JournalRecord;
  readonly segment: number;
  readonly offset: number;
  /** The position behind it. */
  readonly after: Position;
}

const CHUNK_BYTES = 2 ** 20;
const LARGEST_RECORD_BYTES = 2 ** 30;

/**
 * The records behind `from`, to the end of the journal or up to record `upTo`; takes no lock and changes nothing. What is
 * not yet whole at the end is left for the next time. Reading is synchronous: for threads of their own.
 * @throws JournalCorrupt at a damaged record; those before it have been given
 */
export function* journalAfter(
  runDir: string,
  from: Position,
  upTo = Number.POSITIVE_INFINITY,
): Generator<TailRecord, void> {
  let { seq, segment, offset } = from;
  for (;;) {
    const file = segmentFile(runDir, segment);
    if (!existsSync(file)) return;
    const descriptor = openSync(file, "r");
    let sealed = false;
    try {
      for (const found of recordsOf(descriptor, segment, offset, existsSync(segmentFile(runDir, segment + 1)))) {
        if (found.record.type === "footer") {
          sealed = true;
          break;
        }
        if (found.record.seq > upTo) return;
        if (found.record.seq !== seq + 1) {
          const problem = `record ${found.record.seq} stands where ${seq + 1} should`;
          throw new JournalCorrupt(segmentName(segment), found.offset, problem);
        }
        seq = found.record.seq;
        const { crc, next, ...rest } = found;
        yield { ...rest, segment, after: { seq, segment, offset: next, last: found.offset, crc } };
      }
    } finally {
      closeSync(descriptor);
    }
    if (!sealed) return;
    segment += 1;
    offset = 0;
  }
}

/** Bytes of the journal behind a position; footers count, so that a sealed end may leave some. */
export function bytesAfter(runDir: string, { segment, offset }: Position): number {
  let bytes = -offset;
  for (let number = segment; existsSync(segmentFile(runDir, number)); number++)
    bytes += sizeOf(segmentFile(runDir, number));
  return Math.max(0, bytes);
}

/** Whether the record before this position is still there as it was: else the journal is another one, or was cut. */
export function stillHolds(runDir: string, position: Position): boolean {
  if (position.seq === 0) return true;
  try {
    const record = recordAt(runDir, position.segment, position.last);
    return record.crc === position.crc && record.record.seq === position.seq;
  } catch {
    return false;
  }
}

const READ_BYTES = 4096;

/** One record by its place. @throws JournalCorrupt, or the file system's error */
export function recordAt(runDir: string, segment: number, offset: number): { record: JournalRecord; crc: string } {
  const descriptor = openSync(segmentFile(runDir, segment), "r");
  try {
    return recordIn(descriptor, segment, offset);
  } finally {
    closeSync(descriptor);
  }
}

/** The same, of a segment that is open. */
export function recordIn(descriptor: number, segment: number, offset: number): { record: JournalRecord; crc: string } {
  for (let length = READ_BYTES; ; length *= 16) {
    const bytes = Buffer.allocUnsafe(length);
    const whole = bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
    const decoded = decodeAt(whole, 0);
    if ("record" in decoded) return { record: decoded.record, crc: whole.toString("latin1", 0, 8) };
    if (whole.length < length || length > LARGEST_RECORD_BYTES) {
      throw new JournalCorrupt(segmentName(segment), offset, decoded.problem);
    }
  }
}

function* recordsOf(
  descriptor: number,
  segment: number,
  from: number,
  isSealed: boolean,
): Generator<{ record: JournalRecord; offset: number; next: number; crc: string }, void> {
  let start = from; // of `bytes` in the segment
  let wanted = CHUNK_BYTES;
  for (;;) {
    const buffer = Buffer.allocUnsafe(wanted);
    const bytes = buffer.subarray(0, readSync(descriptor, buffer, 0, wanted, start));
    let at = 0;
    let problem = "the segment ends";
    let isLonger = false;
    while (at < bytes.length) {
      const decoded = decodeAt(bytes, at);
      if ("problem" in decoded) {
        problem = decoded.problem;
        isLonger = decoded.isLonger === true;
        break;
      }
      yield {
        record: decoded.record,
        offset: start + at,
        next: start + decoded.next,
        crc: bytes.toString("latin1", at, at + 8),
      };
      at = decoded.next;
    }
    const isEnd = start + bytes.length >= fstatSync(descriptor).size;
    if (at === 0 && !isEnd && isLonger && wanted < LARGEST_RECORD_BYTES) {
      wanted *= 4; // a record longer than the chunk
      continue;
    }
    if (at === 0) {
      if (isSealed && bytes.length > 0) throw new JournalCorrupt(segmentName(segment), start, problem);
      return;
    }
    start += at;
    wanted = CHUNK_BYTES;
  }
}

export function segmentFile(runDir: string, segment: number): string {
  return path.join(runDir, "journal", segmentName(segment));
}

function sizeOf(file: string): number {
  const descriptor = openSync(file, "r");
  try {
    return fstatSync(descriptor).size;
  } finally {
    closeSync(descriptor);
  }
}
