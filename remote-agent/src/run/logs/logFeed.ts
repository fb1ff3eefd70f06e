import { setTimeout as delay } from "node:timers/promises";
import type { RunLogs } from "../../protocol/rpc.ts";
import { beginningOfLast } from "./lastLines.ts";
import { type LogSelection, MergedLogs } from "./mergedLogs.ts";

/** Batches that may be under way unacknowledged. */
const WINDOW = 8;
const POLL_MS = 300;

export interface LogFeedOptions extends LogSelection {
  /** Name of the subscription towards the client. */
  id: string;
  /** The run's `logs` directory. */
  directory: string;
  /** Of what is there at first, only the last so many lines; absent: all of them. */
  last?: number | null;
  /** Resolves when nothing more will be written; null: what is there is all. */
  writers: Promise<void> | null;
  send: (logs: RunLogs) => Promise<void>;
  /** Everything that was there has been sent. */
  onIdle?: () => void;
}

/** Sends a run's log lines to one client, at the client's own pace: what it has not acknowledged is not read yet. */
export class LogFeed {
  readonly #options: LogFeedOptions;
  #logs: MergedLogs;
  readonly #closing = new AbortController();
  readonly #unacknowledged: number[] = [];
  #count = 0;
  #wake: () => void = () => undefined;
  /** Resolves when nothing more will be sent. Rejects when the client or the disk fails. */
  readonly done: Promise<void>;

  /** @throws BadCursor */
  constructor(options: LogFeedOptions) {
    this.#options = options;
    this.#logs = new MergedLogs(options.directory, options);
    this.done = this.#run().finally(() => this.#logs.close());
    this.done.catch(() => undefined); // for those who wait for it; the others see the subscription end
  }

  ack(to: number): void {
    while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0] <= to) this.#unacknowledged.shift();
    this.#wake();
  }

  close(): void {
    this.#closing.abort();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    // The subscription's own answer goes first.
    await new Promise((resolve) => setImmediate(resolve));
    const writers = { ended: this.#options.writers === null };
    this.#options.writers?.then(() => {
      writers.ended = true;
    });
    let skip = await this.#begin();
    while (!signal.aborted) {
      if (this.#unacknowledged.length >= WINDOW) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const { ended } = writers; // by then, all there will be is in the files
      const lines = await this.#logs.next();
      if (lines.length > 0) {
        const left = lines.slice(skip);
        skip -= lines.length - left.length;
        if (left.length > 0) await this.#send(left, false);
      } else if (ended) return this.#send([], true);
      else {
        this.#options.onIdle?.();
        await delay(POLL_MS, undefined, { signal, ref: true }).catch(() => undefined); // closed meanwhile
      }
    }
  }

  /** @returns how many lines are left out */
  async #begin(): Promise<number> {
    const { directory, last } = this.#options;
    if (last == null) return 0;
    const { after, skip } = await beginningOfLast(directory, this.#options, last, this.#closing.signal);
    await this.#logs.close();
    this.#logs = new MergedLogs(directory, { ...this.#options, after });
    return skip;
  }

  async #send(lines: RunLogs["lines"], ended: boolean): Promise<void> {
    const from = this.#count;
    this.#count += lines.length;
    if (!ended) this.#unacknowledged.push(this.#count);
    const { cursor, lost } = this.#logs;
    await this.#options.send({
      subscription: this.#options.id,
      from,
      to: this.#count,
      lines,
      cursor,
      lost,
      ended,
    });
  }
}
