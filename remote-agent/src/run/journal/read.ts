import { JournalCorrupt } from "./errors.ts";
import { type JournalFs, nodeFs, readUpTo } from "./fs.ts";
import type { HandlePool } from "./handlePool.ts";
import { decodeAt } from "./record.ts";
import type { SeekIndex } from "./seek.ts";
import { type LocatedRecord, listSegments, type SegmentInfo, scanSegment, segmentName } from "./segment.ts";

const CHUNK_BYTES = 2 ** 18;

/**
 * The records of a run that has no live writer, for listing and showing it: takes no lock and changes nothing. A torn
 * tail is left out. While a writer is at work the end may hold records that are not durable yet; ask the writer then.
 * @throws JournalCorrupt at the first damaged record; those before it have been given.
 */
export async function* readJournal(
  runDir: string,
  from = 1,
  fs: JournalFs = nodeFs,
): AsyncGenerator<LocatedRecord, void> {
  const dir = `${runDir}/journal`;
  const numbers = await listSegments(fs, dir);
  let before = { lastSeq: 0, lastEpoch: 0 };
  for (const number of numbers) {
    const found: LocatedRecord[] = [];
    const scan = scanSegment(await readSegment(fs, dir, number), number, before, (record) => found.push(record));
    const isLast = number === numbers.length;
    if (!isLast && !scan.footer) {
      throw new JournalCorrupt(segmentName(number), scan.end, scan.torn ?? "the footer of a sealed segment is missing");
    }
    for (const located of found) if (located.record.seq >= from) yield located;
    before = scan;
  }
}

/**
 * The records from `from` of segments whose extent is known, read in chunks as they are asked for; what lies beyond the
 * extent is not read. Every record's checksum and place in the sequence are checked.
 */
export async function* readSegments(
  handles: HandlePool,
  dir: string,
  segments: readonly SegmentInfo[],
  from: number,
  seek: SeekIndex,
): AsyncGenerator<LocatedRecord, void> {
  for (const segment of segments) {
    if (segment.last < from) continue;
    const start = seek.before(segment.number, from) ?? { seq: segment.first, offset: 0 };
    for await (const chunk of readChunks(handles, dir, segment, start, seek)) {
      for (const located of chunk) if (located.record.seq >= from) yield located;
    }
  }
}

async function* readChunks(
  handles: HandlePool,
  dir: string,
  segment: SegmentInfo,
  start: { readonly seq: number; readonly offset: number },
  seek: SeekIndex,
): AsyncGenerator<LocatedRecord[], void> {
  const name = segmentName(segment.number);
  let { seq, offset } = start;
  let chunkBytes = CHUNK_BYTES;
  while (offset < segment.bytes) {
    const wanted = Math.min(chunkBytes, segment.bytes - offset);
    const bytes = await handles.use(`${dir}/${name}`, (file) => readUpTo(file, offset, wanted));
    if (bytes.length < wanted) {
      throw new JournalCorrupt(name, offset + bytes.length, "the segment is shorter than what was stored in it");
    }
    const { found, end, problem } = recordsIn(bytes, segment.number, seq, offset);
    if (found.length === 0) {
      if (wanted === segment.bytes - offset) throw new JournalCorrupt(name, offset, problem ?? "no record starts here");
      chunkBytes *= 4; // a record longer than the chunk
      continue;
    }
    chunkBytes = CHUNK_BYTES;
    seek.learn(segment.number, seq, offset);
    yield found;
    seq += found.length;
    offset += end;
  }
  if (seq !== segment.last + 1) {
    throw new JournalCorrupt(name, offset, `the segment ends with record ${seq - 1} instead of ${segment.last}`);
  }
}

/** The whole records at the start of `bytes`, which begin with record `seq` at `offset` of the segment. */
function recordsIn(
  bytes: Buffer,
  segment: number,
  seq: number,
  offset: number,
): { found: LocatedRecord[]; end: number; problem?: string } {
  const found: LocatedRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const decoded = decodeAt(bytes, at);
    if ("problem" in decoded) return { found, end: at, problem: decoded.problem };
    const { record, next } = decoded;
    if (record.seq !== seq + found.length) {
      const problem = `record ${record.seq} stands where ${seq + found.length} should`;
      throw new JournalCorrupt(segmentName(segment), offset + at, problem);
    }
    found.push({ record, location: { segment, offset: offset + at, length: next - at } });
    at = next;
  }
  return { found, end: at };
}

export async function verifySegments(fs: JournalFs, dir: string, segments: readonly SegmentInfo[]): Promise<void> {
  for (const segment of segments) await checkSegment(fs, dir, segment);
}

async function checkSegment(fs: JournalFs, dir: string, segment: SegmentInfo): Promise<void> {
  const name = segmentName(segment.number);
  const bytes = await readSegment(fs, dir, segment.number, segment.sealed ? undefined : segment.bytes);
  // Epochs are compared within the segment; recovery has compared the segments.
  const scan = scanSegment(bytes, segment.number, { lastSeq: segment.first - 1, lastEpoch: 0 });
  if (scan.torn !== undefined) throw new JournalCorrupt(name, scan.end, scan.torn);
  if (scan.end !== segment.bytes || scan.lastSeq !== segment.last || (segment.sealed && !scan.footer)) {
    throw new JournalCorrupt(name, scan.end, "the segment is shorter than what was stored in it");
  }
}

async function readSegment(fs: JournalFs, dir: string, number: number, bytes?: number): Promise<Buffer> {
  const file = await fs.open(`${dir}/${segmentName(number)}`, "read");
  try {
    return await readUpTo(file, 0, bytes ?? (await file.size()));
  } finally {
    await file.close();
  }
}
