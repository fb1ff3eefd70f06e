import type { RunEvents } from "../protocol/rpc.ts";
import type { Journal } from "./journal/journal.ts";
import type { JournalRecord } from "./journal/record.ts";
import { type Range, RangeBuilder, SendWindow } from "./ranges.ts";

/**
 * Sends a run's durable records to one client: contiguous ranges from any position, at the client's own pace. A slow
 * client slows only itself; what it has not acknowledged is read again from the journal, never queued.
 */
export class Feed {
  readonly #id: string;
  readonly #journal: Journal;
  readonly #recent: RecentRecords;
  readonly #types: readonly string[] | undefined;
  readonly #send: (events: RunEvents) => Promise<void>;
  #sent: number;
  readonly #window = new SendWindow();
  /** Where reading the journal goes on, for a client that is behind what is recent. */
  #scan: AsyncGenerator<{ record: JournalRecord }, void> | null = null;
  #wake: (() => void) | null = null;
  #ended = false;
  readonly done: Promise<void>;

  constructor(o: {
    id: string;
    journal: Journal;
    recent: RecentRecords;
    since: number;
    types: string[] | undefined;
    send: (events: RunEvents) => Promise<void>;
  }) {
    this.#id = o.id;
    this.#journal = o.journal;
    this.#recent = o.recent;
    this.#types = o.types;
    this.#send = o.send;
    this.#sent = o.since;
    this.done = this.#run();
  }

  ack(to: number): void {
    this.#window.ack(to);
    this.poke();
  }

  /** There may be something new. */
  poke(): void {
    this.#wake?.();
  }

  /** The run's owner ends: what is durable is still sent, then a last notification. */
  end(): void {
    this.#ended = true;
    this.poke();
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#window.open && this.#sent < this.#journal.durableSeq) {
        await this.#sendRange(await this.#next());
      } else if (this.#ended && this.#sent >= this.#journal.durableSeq) {
        await this.#send({ subscription: this.#id, from: this.#sent, to: this.#sent, records: [], ended: true });
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    }
  }

  async #next(): Promise<Range> {
    const range = new RangeBuilder(this.#sent, this.#types);
    const recent = this.#recent.after(this.#sent, RangeBuilder.longest);
    if (recent !== null) {
      await this.#endScan();
      for (const record of recent) if (range.take(record)) break;
      return range;
    }
    // One reading goes on over many ranges: beginning anew for each would read most of the journal twice.
    this.#scan ??= this.#journal.scan(this.#sent + 1);
    for (;;) {
      const { value, done } = await this.#scan.next();
      if (done) {
        this.#scan = null; // of what was durable when it began
        return range;
      }
      if (range.take(value.record)) return range;
    }
  }

  async #endScan(): Promise<void> {
    await this.#scan?.return();
    this.#scan = null;
  }

  async #sendRange({ from, to, records }: Range): Promise<void> {
    if (to === from) return;
    this.#sent = to;
    this.#window.sent(to, records.length);
    await this.#send({ subscription: this.#id, from, to, records, ended: false });
  }
}

/** The newest durable records, so that a client that keeps up costs no reading. */
export class RecentRecords {
  readonly #records: JournalRecord[] = [];
  readonly #capacity: number;

  constructor(capacity = 8192) {
    this.#capacity = capacity;
  }

  add(records: readonly JournalRecord[]): void {
    this.#records.push(...records);
    if (this.#records.length > 2 * this.#capacity) this.#records.splice(0, this.#records.length - this.#capacity);
  }

  /** Up to `limit` records after `seq`, or null when the next one is no longer here. */
  after(seq: number, limit: number): JournalRecord[] | null {
    const first = this.#records[0];
    if (first === undefined || first.seq > seq + 1) return null;
    const start = seq + 1 - first.seq;
    return this.#records.slice(start, start + limit);
  }
}
