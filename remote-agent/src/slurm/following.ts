import { setTimeout as delay } from "node:timers/promises";
import { journalAfter, START } from "../run/index/journalTail.ts";
import type { JournalRecord } from "../run/journal/record.ts";
import type { JobOwner } from "./jobFiles.ts";

const LOOK_MS = 2000;

/**
 * The records of a run after `since` from its files, and those that come, as ranges: while a supervisor on another node owns the
 * run, up to where it says that they are durable; after that to the end.
 */
export async function* followFiles(
  runDir: string,
  since: number,
  owner: () => Promise<JobOwner | null>,
  signal: AbortSignal,
): AsyncGenerator<JournalRecord[]> {
  let position = START;
  while (!signal.aborted) {
    const now = await owner();
    const upTo = now === null ? Number.POSITIVE_INFINITY : now.durableSeq;
    let range: JournalRecord[] = [];
    for (const { record, after } of journalAfter(runDir, position, upTo)) {
      position = after;
      if (record.seq > since) range.push(record);
      if (record.seq % BREATH === 0) await new Promise((resolve) => setImmediate(resolve));
      if (range.length < RANGE) continue;
      yield range;
      range = [];
      if (signal.aborted) return;
    }
    if (range.length > 0) yield range;
    if (now === null) return;
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined); // nobody follows any more
  }
}

/** Records of one range, and between two looks at what else this program has to do. */
const RANGE = 500;
const BREATH = 2000;
