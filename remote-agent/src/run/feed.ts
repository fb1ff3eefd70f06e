import type { RunEvents } from "../protocol/rpc.ts";
import type { Journal } from "./journal/journal.ts";
import type { JournalRecord } from "./journal/record.ts";

/** Records of one notification at most, and notifications that may be under way unacknowledged. */
const RANGE = 500;
const WINDOW = 8;

/**
 * Sends a run's durable records to one client: contiguous ranges from any position, at the client's own pace. A slow
 * client slows only itself; what it has not acknowledged is read again from the journal, never queued.
 */
export class Feed {
  readonly #id: string;
  readonly #journal: Journal;
  readonly #recent: RecentRecords;
  readonly #types: ReadonlySet<string> | null;
  readonly #send: (events: RunEvents) => Promise<void>;
  #sent: number;
  readonly #unacknowledged: number[] = [];
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
    this.#types = o.types === undefined ? null : new Set(o.types);
    this.#send = o.send;
    this.#sent = o.since;
    this.done = this.#run();
  }

  ack(to: number): void {
    while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0] <= to) this.#unacknowledged.shift();
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
      if (this.#unacknowledged.length < WINDOW && this.#sent < this.#journal.durableSeq) {
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

  async #next(): Promise<JournalRecord[]> {
    const recent = this.#recent.after(this.#sent, RANGE);
    if (recent !== null) return recent;
    const range: JournalRecord[] = [];
    for await (const { record } of this.#journal.scan(this.#sent + 1)) {
      range.push(record);
      if (range.length === RANGE) break;
    }
    return range;
  }

  async #sendRange(range: JournalRecord[]): Promise<void> {
    const to = range.at(-1)?.seq ?? this.#sent;
    const records = this.#types === null ? range : range.filter((record) => this.#types?.has(record.type));
    const from = this.#sent;
    this.#sent = to;
    this.#unacknowledged.push(to);
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
