import { Journal, type JournalEvent, type JournalOptions } from "../../../remote-agent/src/run/journal/journal.ts";
import type { JournalRecord } from "../../../remote-agent/src/run/journal/record.ts";
import type { LocatedRecord } from "../../../remote-agent/src/run/journal/segment.ts";
import type { MemoryFs } from "./memoryFs.ts";

export const RUN = "/run";

export interface Opened {
  readonly journal: Journal;
  readonly events: JournalEvent[];
  readonly published: JournalRecord[];
  readonly recovery: Awaited<ReturnType<typeof Journal.open>>["recovery"];
}

export async function openJournal(fs: MemoryFs, options: Partial<JournalOptions> = {}): Promise<Opened> {
  const events: JournalEvent[] = [];
  const published: JournalRecord[] = [];
  const { journal, recovery } = await Journal.open(RUN, {
    fs,
    epoch: 1,
    clock: () => 1_700_000_000_000,
    groupCommitMs: 1,
    ballastBytes: 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  journal.onPublish((records) => published.push(...records));
  return { journal, events, published, recovery };
}

export async function collect(found: AsyncIterable<LocatedRecord>): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const { record } of found) records.push(record);
  return records;
}

/** Records of one test, told apart by `n`. */
export function notes(...numbers: number[]): { type: string; n: number }[] {
  return numbers.map((n) => ({ type: "note", n }));
}

export function numbersOf(records: readonly JournalRecord[]): unknown[] {
  return records.filter((record) => record.type === "note").map((record) => record.n);
}
