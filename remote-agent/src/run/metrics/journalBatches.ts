import { setTimeout as delay } from "node:timers/promises";
import type { RunRecord, Stored } from "../../protocol/records.ts";
import type { Journal } from "../journal/journal.ts";
import type { JournalRecord } from "../journal/record.ts";
import { asRunRecord } from "../opened.ts";
import type { RecordBatches } from "./export.ts";
import { pointTypes } from "./points.ts";

const BATCH = 500;
/** Records that wait for a slow sink; beyond that they are read again from the journal. */
const WAITING = 20_000;
/** New records are looked at so often: nobody watches a chart more closely. */
const EVERY_MS = 1000;

/** A journal's durable records that metrics need, then those that come, until `ending`. */
export async function* journalBatches(journal: Journal, ending: AbortSignal): RecordBatches {
  const published = new Published(journal);
  try {
    for (let seq = 0; ; ) {
      const ended = ending.aborted; // what is durable by then is all
      while (seq < published.after) {
        // Behind what has been published since: from the journal itself.
        const upTo = published.after;
        let batch: Stored<RunRecord>[] = [];
        for await (const { record } of journal.scan(seq + 1)) {
          if (record.seq > upTo) break;
          batch.push(...needed([record]));
          if (batch.length < BATCH) continue;
          yield batch;
          batch = [];
        }
        seq = upTo;
        if (batch.length > 0) yield batch;
      }
      const fresh = published.take();
      seq = published.after;
      if (fresh.length > 0) yield fresh;
      yield [];
      if (ended) return;
      await delay(EVERY_MS, undefined, { signal: ending, ref: false }).catch(() => undefined); // it ends
    }
  } finally {
    published[Symbol.dispose]();
  }
}

/** Records that were published and not taken yet: all of those that metrics need after `after`. */
class Published {
  readonly #subscription: Disposable;
  #records: Stored<RunRecord>[] = [];
  #last: number;
  after: number;

  constructor(journal: Journal) {
    this.after = journal.durableSeq;
    this.#last = this.after;
    this.#subscription = journal.onPublish((records) => {
      this.#last = records.at(-1)?.seq ?? this.#last;
      this.#records.push(...needed(records));
      if (this.#records.length <= WAITING) return;
      this.#records = [];
      this.after = this.#last;
    });
  }

  take(): Stored<RunRecord>[] {
    const taken = this.#records;
    this.#records = [];
    this.after = this.#last;
    return taken;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}

function needed(records: readonly JournalRecord[]): Stored<RunRecord>[] {
  return records.flatMap((record) =>
    record.type === "state" || pointTypes.includes(record.type) ? (asRunRecord(record) ?? []) : [],
  );
}
