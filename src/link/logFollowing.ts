import type { LogLine } from "../../remote-agent/src/protocol/logs.ts";
import type { RunLogs } from "../../remote-agent/src/protocol/rpc.ts";
import type { AgentClient } from "./agentClient.ts";
import { AgentError } from "./agentError.ts";

export interface LogSubscription {
  readonly run: string;
  /** Names of logs; undefined: all. */
  readonly sources: string[] | undefined;
  /** Of what is there at first, only the last so many lines; undefined: all. */
  readonly last: number | undefined;
  /** False: what is there by now, then `onEnded`. */
  readonly follow: boolean;
  /**
   * Called with lines in order, each once, over all reconnections. What it answers is waited for before more is acknowledged, so
   * that a slow reader slows the sending, not the window. `lost`: lines before these were rotated away unread.
   */
  readonly onLines: (lines: LogLine[], lost: boolean) => Promise<void> | void;
  /** The run's owner has ended; following can begin again behind the cursor when it is resumed. */
  readonly onEnded: (cursor: string | null) => void;
  readonly onFailed: (error: AgentError) => void;
}

/** An agent has at most 8 batches under way unacknowledged: one that sends more does not keep to the contract. */
const MOST_WAITING = 16;

/** One subscription to a run's logs over all connections of its host: it goes on behind the lines that were taken. */
export class LogFollowing {
  readonly #subscription: LogSubscription;
  #cursor: string | null;
  #client: AgentClient | null = null;
  /** The agent's name for it on the present connection; null while there is none. */
  #remote: string | null = null;
  /** Number of the next line on the present subscription. */
  #next = 0;
  #waiting = 0;
  /** Whether it was said of this subscription that lines were rotated away. */
  #lostTold = false;
  #taking: Promise<void> = Promise.resolve();
  #stopped = false;

  /** @param after a cursor of an earlier following */
  constructor(subscription: LogSubscription, after: string | null) {
    this.#subscription = subscription;
    this.#cursor = after;
  }

  /** Subscribes on a new connection, behind the lines that were taken. Never rejects. */
  async attach(client: AgentClient): Promise<void> {
    this.#client = client;
    this.#remote = null;
    // A batch that the reader has in its hands counts: it would come again behind an older cursor.
    await this.#taking;
    if (this.#client !== client || this.#stopped) return;
    const { run, sources, last, follow } = this.#subscription;
    try {
      this.#next = 0;
      this.#waiting = 0;
      this.#lostTold = false;
      const { subscription } = await client.request("runs/logs", {
        run,
        follow,
        ...(sources === undefined ? {} : { sources }),
        ...(this.#cursor !== null ? { after: this.#cursor } : last === undefined ? {} : { last }),
      });
      if (this.#client === client && !this.#stopped) this.#remote = subscription;
      else await client.request("runs/unsubscribe", { subscription });
    } catch (error) {
      if (this.#client !== client || this.#stopped) return; // the next connection subscribes again
      this.#fail(error);
    }
  }

  /** The connection is gone. */
  detach(): void {
    this.#client = null;
    this.#remote = null;
  }

  stop(): void {
    this.#stopped = true;
    this.#letGo();
    this.detach();
  }

  /** @returns whether these lines are of this subscription */
  receive(logs: RunLogs): boolean {
    const client = this.#client;
    if (client === null || this.#remote !== logs.subscription) return false;
    if (logs.from !== this.#next || logs.to - logs.from !== logs.lines.length) {
      // Lines are missing in between: asked for again, behind those that were taken.
      this.#letGo();
      this.attach(client);
      return true;
    }
    this.#next = logs.to;
    this.#waiting += 1;
    if (this.#waiting > MOST_WAITING) client.distrust("log lines faster than they were acknowledged");
    else this.#taking = this.#taking.then(() => this.#take(logs, client)).catch((error) => this.#fail(error));
    return true;
  }

  async #take(logs: RunLogs, client: AgentClient): Promise<void> {
    if (this.#stopped || this.#remote !== logs.subscription) return; // of an earlier subscription: it comes again
    const { lines, lost, cursor, ended, subscription, to } = logs;
    const newlyLost = lost && !this.#lostTold;
    this.#lostTold ||= lost;
    if (lines.length > 0 || newlyLost) await this.#subscription.onLines(lines, newlyLost);
    this.#cursor = cursor;
    if (this.#client !== client || this.#stopped) return;
    this.#waiting -= 1;
    if (ended) {
      this.#remote = null;
      this.#stopped = true;
      this.#subscription.onEnded(cursor);
    } else client.request("runs/ack", { subscription, to }).catch(() => undefined); // lost with the connection
  }

  #fail(error: unknown): void {
    this.#letGo();
    this.#stopped = true;
    this.#subscription.onFailed(error instanceof AgentError ? error : new AgentError("failed", String(error)));
  }

  #letGo(): void {
    const subscription = this.#remote;
    this.#remote = null;
    if (subscription !== null) this.#client?.request("runs/unsubscribe", { subscription }).catch(() => undefined); // gone with the connection
  }
}
