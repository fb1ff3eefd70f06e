import { JournalCorrupt } from "./errors.ts";
import { type JournalFs, nodeFs, readUpTo } from "./fs.ts";
import { type LocatedRecord, listSegments, type SegmentInfo, scanSegment, segmentName } from "./segment.ts";

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

/** The records from `from` of segments whose extent is known; what lies beyond it is not read. */
export async function* readSegments(
  fs: JournalFs,
  dir: string,
  segments: readonly SegmentInfo[],
  from: number,
): AsyncGenerator<LocatedRecord, void> {
  for (const segment of segments) {
    if (segment.last < from) continue;
    const found: LocatedRecord[] = [];
    await checkSegment(fs, dir, segment, (record) => found.push(record));
    for (const located of found) if (located.record.seq >= from) yield located;
  }
}

export async function verifySegments(fs: JournalFs, dir: string, segments: readonly SegmentInfo[]): Promise<void> {
  for (const segment of segments) await checkSegment(fs, dir, segment);
}

async function checkSegment(
  fs: JournalFs,
  dir: string,
  segment: SegmentInfo,
  visit?: (found: LocatedRecord) => void,
): Promise<void> {
  const name = segmentName(segment.number);
  const bytes = await readSegment(fs, dir, segment.number, segment.sealed ? undefined : segment.bytes);
  // Epochs are compared within the segment; recovery has compared the segments.
  const scan = scanSegment(bytes, segment.number, { lastSeq: segment.first - 1, lastEpoch: 0 }, visit);
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
