import type { CallRecord, DataRecord, RunRecord, Stored } from "../../protocol/records.ts";
import { readJournal } from "../journal/read.ts";
import { asRunRecord } from "../opened.ts";

/** A call that counts, with its own records; or a record that belongs to none. */
export type Counted = { call: CallRecord; records: DataRecord[] } | { call: null; record: RunRecord };

/**
 * The calls of a run in the order in which they ended, up to record `to`. What a crash left of a call that was then made again does not
 * count. @throws JournalCorrupt
 */
export async function* countedCalls(runDir: string, to = Number.POSITIVE_INFINITY): AsyncGenerator<Counted, void> {
  let pending: Stored<DataRecord>[] = [];
  for await (const { record } of readJournal(runDir)) {
    if (record.seq > to) return;
    const known = asRunRecord(record);
    if (known === null) continue;
    if (known.type === "call") {
      yield { call: known, records: pending.slice(pending.length - known.count) };
      pending = [];
    } else if (isData(known)) {
      if (pending.length > 0 && pending[0]?.call !== known.call) pending = [];
      pending.push(known);
    } else {
      yield { call: null, record: known };
    }
  }
}

function isData(record: Stored<RunRecord>): record is Stored<DataRecord> {
  return "call" in record && "id" in record;
}
