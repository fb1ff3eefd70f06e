import { createHash } from "node:crypto";
import { JournalCorrupt } from "./errors.ts";
import { type JournalFs, readUpTo, writeAll, writeDurably } from "./fs.ts";
import { decodeAt, type JournalRecord } from "./record.ts";
import { type CutTail, footerLine, type SegmentInfo, segmentName } from "./segment.ts";

/**
 * A sealed segment whose end is no longer its footer, at the place where a new owner took over: the previous owner, frozen
 * between asking for its lease and writing, has written after the takeover. All records up to the new owner's first are
 * there and whole, so what follows them was never acknowledged to anyone: it is copied to `late-<segment>-<t>.bin`, and
 * the footer is written again.
 * @throws JournalCorrupt in every other case; nothing is changed then
 */
export async function cutLateWrites(
  fs: JournalFs,
  dir: string,
  number: number,
  before: { readonly lastSeq: number; readonly lastEpoch: number },
  now: () => number,
): Promise<{ tail: CutTail; segment: SegmentInfo }> {
  const name = segmentName(number);
  const next = await firstRecord(fs, dir, number + 1);
  const file = await fs.open(`${dir}/${name}`, "edit");
  try {
    const bytes = await readUpTo(file, 0, await file.size());
    const info = ownRecords(bytes, number, before, next);
    if (!next || info.last !== next.seq - 1 || info.epoch >= next.epoch) {
      throw new JournalCorrupt(name, info.bytes, "a sealed segment does not end with its footer");
    }
    const savedAs = `late-${number}-${now()}.bin`;
    await writeDurably(fs, dir, savedAs, bytes.subarray(info.bytes));
    await file.truncate(info.bytes);
    const hash = createHash("sha256").update(bytes.subarray(0, info.bytes));
    await writeAll(file, Buffer.from(footerLine(info, hash, now())), info.bytes);
    await file.datasync();
    const tail = { segment: name, offset: info.bytes, bytes: bytes.length - info.bytes, savedAs };
    return { tail, segment: info };
  } finally {
    await file.close();
  }
}

/** The records that continue the journal up to the new owner's first one. */
function ownRecords(
  bytes: Buffer,
  number: number,
  before: { readonly lastSeq: number; readonly lastEpoch: number },
  next: JournalRecord | undefined,
): SegmentInfo {
  let { lastSeq: last, lastEpoch: epoch } = before;
  let at = 0;
  let count = 0;
  while (last + 1 < (next?.seq ?? 0)) {
    const decoded = decodeAt(bytes, at);
    if ("problem" in decoded || decoded.record.seq !== last + 1 || decoded.record.epoch < epoch) break;
    ({ seq: last, epoch } = decoded.record);
    at = decoded.next;
    count += 1;
  }
  return { number, first: before.lastSeq + 1, last, epoch, count, bytes: at, sealed: true };
}

const FIRST_RECORD_BYTES = 2 ** 20;

async function firstRecord(fs: JournalFs, dir: string, number: number): Promise<JournalRecord | undefined> {
  const file = await fs.open(`${dir}/${segmentName(number)}`, "read");
  try {
    const decoded = decodeAt(await readUpTo(file, 0, FIRST_RECORD_BYTES), 0);
    return "record" in decoded && decoded.record.type !== "footer" ? decoded.record : undefined;
  } finally {
    await file.close();
  }
}
