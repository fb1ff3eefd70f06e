import { type CallRecord, callRecord, type DataRecord, type RunRecord } from "../protocol/records.ts";
import type { CallLog } from "../verbs/ports.ts";
import type { Journal } from "./journal/journal.ts";
import type { JournalRecord } from "./journal/record.ts";
import type { LocatedRecord, Location } from "./journal/segment.ts";

interface Recorded {
  call: CallRecord;
  location: Location;
}

/**
 * The calls of a run as the journal holds them. A call counts once its closing record is durable; records of a call
 * that a crash cut short stay in the journal and count for nothing, and the call is made again whole.
 */
export class JournalCallLog implements CallLog {
  readonly #journal: Journal;
  readonly #calls: Map<string, Recorded>;

  constructor(journal: Journal, calls: Map<string, Recorded>) {
    this.#journal = journal;
    this.#calls = calls;
  }

  get size(): number {
    return this.#calls.size;
  }

  find(key: string): CallRecord | undefined {
    return this.#calls.get(key)?.call;
  }

  async read(key: string): Promise<unknown[]> {
    const recorded = this.#calls.get(key);
    if (recorded === undefined) throw new Error(`The call '${key}' is not in the journal.`);
    const records = await this.#journal.read(recorded.location);
    return ofCall(records, recorded.call);
  }

  async commit(call: CallRecord, records: DataRecord[], beside: RunRecord[] = []): Promise<void> {
    const batch = [...beside, ...records, call];
    // Whatever made the call waits for it, so nothing is gained by waiting for others to share the sync.
    const { location } = await this.#journal.append(batch, { durable: true });
    this.#calls.set(call.key, { call, location });
  }

  async note(records: RunRecord[]): Promise<void> {
    await this.#journal.append(records, { durable: true });
  }
}

/** Builds the index of calls while a journal is scanned in order. */
export class CallIndex {
  readonly calls = new Map<string, Recorded>();
  /** The data records of one call since its first: where they begin and how many there are. An append never spans segments. */
  #run: { call: unknown; from: Location; count: number } | null = null;

  visit({ record, location }: LocatedRecord): void {
    if (record.type === "call") {
      const call = callRecord.parse(record);
      const start = this.#run !== null && this.#run.count >= call.count && call.count > 0 ? this.#run.from : location;
      const length = location.offset + location.length - start.offset;
      if (start.segment === location.segment) {
        this.calls.set(call.key, { call, location: { ...start, length } });
      }
      this.#run = null;
    } else if ("call" in record && "id" in record) {
      const before =
        this.#run?.call === record["call"] && this.#run?.from.segment === location.segment ? this.#run : null;
      this.#run = { call: record["call"], from: before?.from ?? location, count: (before?.count ?? 0) + 1 };
    } else {
      this.#run = null;
    }
  }
}

/** A location may begin with leftovers of a call that was cut short: the call's own records are the last ones. */
function ofCall(records: JournalRecord[], call: CallRecord): JournalRecord[] {
  const closing = records.findLastIndex((record) => record.type === "call" && record["key"] === call.key);
  return records.slice(closing - call.count, closing);
}
