import { JournalCorrupt } from "./errors.ts";
import { type JournalFs, nodeFs, readUpTo, writeDurably } from "./fs.ts";
import { cutLateWrites } from "./lateWrites.ts";
import { decodeAt } from "./record.ts";
import { type CutTail, listSegments, readFooter, type SegmentInfo, scanSegment, segmentName } from "./segment.ts";

export interface RecoveryReport {
  readonly segments: number;
  readonly records: number;
  readonly lastSeq: number;
  readonly lastEpoch: number;
  /** A record that a crash had cut off. */
  readonly torn?: CutTail;
  /** What earlier owners wrote after they had lost the run. */
  readonly late: readonly CutTail[];
}

export interface Recovered {
  readonly segments: readonly SegmentInfo[];
  readonly report: RecoveryReport;
}

/**
 * Finds the end of a journal. Sealed segments are taken at their footer's word (their checksums are checked whenever
 * they are read); the last segment is scanned. A torn tail is copied to `torn-<segment>-<t>.bin`, then cut; so is what
 * an owner wrote after it had lost the run.
 * @throws JournalCorrupt when anything else is damaged; the damaged segment is not changed.
 */
export async function recover(fs: JournalFs, dir: string, now: () => number): Promise<Recovered> {
  const numbers = await listSegments(fs, dir);
  const segments: SegmentInfo[] = [];
  const late: CutTail[] = [];
  for (const number of numbers.slice(0, -1)) {
    const before = segments.at(-1);
    let segment = await trustFooter(fs, dir, number, before);
    if (!segment) {
      const cut = await cutLateWrites(fs, dir, number, ends(before), now);
      late.push(cut.tail);
      segment = cut.segment;
    }
    segments.push(segment);
  }
  const last = numbers.at(-1);
  let torn: CutTail | undefined;
  if (last !== undefined) {
    const found = await scanLast(fs, dir, last, segments.at(-1), now);
    segments.push(found.info);
    torn = found.torn;
  }
  const end = segments.at(-1);
  const report = {
    segments: segments.length,
    records: segments.reduce((sum, segment) => sum + segment.count, 0),
    lastSeq: end?.last ?? 0,
    lastEpoch: end?.epoch ?? 0,
    ...(torn && { torn }),
    late,
  };
  return { segments, report };
}

function ends(segment: SegmentInfo | undefined): { lastSeq: number; lastEpoch: number } {
  return { lastSeq: segment?.last ?? 0, lastEpoch: segment?.epoch ?? 0 };
}

/** What the footer says of a sealed segment, or undefined when the segment does not end with one. */
async function trustFooter(
  fs: JournalFs,
  dir: string,
  number: number,
  before: SegmentInfo | undefined,
): Promise<SegmentInfo | undefined> {
  const name = segmentName(number);
  const file = await fs.open(`${dir}/${name}`, "read");
  try {
    const footer = await readFooter(file);
    if (!footer) return undefined;
    const { first, last, count, bytes, epoch } = footer;
    if (first !== (before?.last ?? 0) + 1 || last !== first + count - 1 || epoch < (before?.epoch ?? 0)) {
      throw new JournalCorrupt(name, bytes, "the footer does not follow the segment before it");
    }
    return { number, first, last, count, bytes, epoch, sealed: true };
  } finally {
    await file.close();
  }
}

async function scanLast(
  fs: JournalFs,
  dir: string,
  number: number,
  before: SegmentInfo | undefined,
  now: () => number,
): Promise<{ info: SegmentInfo; torn?: CutTail }> {
  const name = segmentName(number);
  const file = await fs.open(`${dir}/${name}`, "edit");
  try {
    const bytes = await readUpTo(file, 0, await file.size());
    const scan = scanSegment(bytes, number, ends(before));
    const info = {
      number,
      first: scan.lastSeq - scan.records + 1,
      last: scan.lastSeq,
      epoch: scan.lastEpoch,
      count: scan.records,
      bytes: scan.end,
      sealed: scan.footer !== undefined,
    };
    if (scan.torn === undefined) return { info };
    const savedAs = `torn-${number}-${now()}.bin`;
    await writeDurably(fs, dir, savedAs, bytes.subarray(scan.end));
    await file.truncate(scan.end);
    await file.datasync();
    return { info, torn: { segment: name, offset: scan.end, bytes: bytes.length - scan.end, savedAs } };
  } finally {
    await file.close();
  }
}

/** Epoch of the last readable record, 0 when there is none. Changes nothing; for choosing the next owner's epoch. */
export async function lastJournalEpoch(runDir: string, fs: JournalFs = nodeFs): Promise<number> {
  const dir = `${runDir}/journal`;
  for (const number of (await listSegments(fs, dir)).reverse()) {
    const file = await fs.open(`${dir}/${segmentName(number)}`, "read");
    try {
      const epoch = (await readFooter(file))?.epoch ?? lastEpochIn(await readUpTo(file, 0, await file.size()));
      if (epoch !== undefined) return epoch;
    } finally {
      await file.close();
    }
  }
  return 0;
}

function lastEpochIn(bytes: Buffer): number | undefined {
  let epoch: number | undefined;
  for (let at = 0; at < bytes.length; ) {
    const decoded = decodeAt(bytes, at);
    if ("problem" in decoded) break;
    epoch = decoded.record.epoch;
    at = decoded.next;
  }
  return epoch;
}
