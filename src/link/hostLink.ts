import type { MethodName, Params, Result, RunEvents, RunLogs } from "../../remote-agent/src/protocol/rpc.ts";
import { TransportError, type TransportReason } from "../ssh/transport.ts";
import { type AgentClient, AgentError, type RequestOptions } from "./agentClient.ts";
import { applyRange, type Followed } from "./follow.ts";
import { type LinkEvent, type LinkState, nextLink } from "./linkState.ts";
import { LogFollowing, type LogSubscription } from "./logFollowing.ts";

/** A connected agent, and how the way to it ends. */
export interface Attached {
  readonly client: AgentClient;
  /** Resolves when the transport is gone. */
  readonly lost: Promise<TransportError | null>;
  close(): Promise<void>;
}

export interface LinkPorts {
  /** Connects, deploys where needed, and attaches. */
  readonly attach: (onStep: (step: string) => void, signal: AbortSignal) => Promise<Attached>;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onState: (state: LinkState) => void;
}

export interface Subscription {
  readonly run: string;
  /** Types of records to receive; undefined: all. */
  readonly types: string[] | undefined;
  /** Called with every record after `since`, in order, each once, over all reconnections. */
  readonly onRecords: (records: RunEvents["records"], seq: number) => void;
  /** The run's owner has ended; the subscription goes on should it be resumed and asked for again. */
  readonly onEnded: () => void;
  /** The subscription cannot go on, such as when the run was deleted. */
  readonly onFailed: (error: AgentError) => void;
}

interface Following extends Subscription {
  at: Followed;
  /** The agent's name for it on the present connection; null while there is none. */
  remote: string | null;
}

/**
 * One host's agent, kept connected: reconnects with patience after a loss, and every subscription goes on where it was. Nothing is
 * shown twice, nothing is left out.
 */
export class HostLink {
  readonly #ports: LinkPorts;
  readonly #following = new Set<Following>();
  readonly #logs = new Set<LogFollowing>();
  #state: LinkState = { kind: "idle" };
  #attached: Attached | null = null;
  #abort: AbortController | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: LinkPorts) {
    this.#ports = ports;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Connects, unless that is under way or done; also ends a wait, or a stop after which a person says: again. */
  connect(): void {
    this.#apply({ kind: "wanted" });
  }

  /** Lets go of the host; its runs go on. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const attached = this.#attached;
    this.#attached = null;
    for (const following of this.#following) following.remote = null;
    for (const following of this.#logs) following.detach();
    this.#apply({ kind: "unwanted" });
    await attached?.close();
  }

  /** Asks the agent. @throws AgentError, `gone` when there is no connection at the moment */
  async request<M extends MethodName>(method: M, params: Params<M>, options?: RequestOptions): Promise<Result<M>> {
    if (this.#attached === null) throw new AgentError("gone", "There is no connection to the host at the moment.");
    const result = await this.#attached.client.request(method, params, options);
    this.#apply({ kind: "heard", now: this.#ports.now() });
    return result;
  }

  /** Follows a run's records after `since`. @returns how to stop */
  follow(subscription: Subscription, since: number): () => void {
    const following: Following = { ...subscription, at: { seq: since }, remote: null };
    this.#following.add(following);
    if (this.#attached !== null) this.#subscribe(following, this.#attached.client);
    return () => {
      this.#following.delete(following);
      const { remote } = following;
      if (remote !== null) this.request("runs/unsubscribe", { subscription: remote }).catch(() => undefined); // gone with the connection
    };
  }

  /** Follows a run's logs, behind `after` where that is given. @returns how to stop */
  followLogs(subscription: LogSubscription, after: string | null = null): () => void {
    const following = new LogFollowing(subscription, after);
    this.#logs.add(following);
    if (this.#attached !== null) following.attach(this.#attached.client);
    return () => {
      this.#logs.delete(following);
      following.stop();
    };
  }

  #apply(event: LinkEvent): void {
    const before = this.#state;
    const after = nextLink(before, event);
    if (after === before) return;
    this.#state = after;
    this.#ports.onState(after);
    clearTimeout(this.#timer);
    if (after.kind === "connecting" && before.kind !== "connecting") this.#attach();
    if (after.kind === "waiting") {
      this.#timer = setTimeout(() => this.#apply({ kind: "due" }), Math.max(0, after.until - this.#ports.now()));
    }
  }

  async #attach(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const attached = await this.#ports.attach((step) => this.#apply({ kind: "step", step }), abort.signal);
      if (abort.signal.aborted) return await attached.close();
      this.#attached = attached;
      this.#apply({ kind: "up", now: this.#ports.now() });
      attached.client.onEvents((events) => this.#receive(events, attached.client));
      attached.client.onLogs((logs) => this.#receiveLogs(logs));
      for (const following of this.#following) this.#subscribe(following, attached.client);
      for (const following of this.#logs) following.attach(attached.client);
      const lost = attached.lost.then((error) => error?.message ?? "The connection was closed.");
      const why = await Promise.race([lost, attached.client.gone.then((error) => error.message)]);
      if (this.#attached !== attached) return;
      this.#attached = null;
      for (const following of this.#following) following.remote = null;
      for (const following of this.#logs) following.detach();
      await attached.close();
      this.#down("lost", why);
    } catch (error) {
      if (abort.signal.aborted) return;
      const reason: TransportReason = error instanceof TransportError ? error.reason : "failed";
      this.#down(reason, error instanceof Error ? error.message : String(error));
    }
  }

  #down(reason: TransportReason, why: string): void {
    this.#apply({ kind: "down", now: this.#ports.now(), reason, why, jitter: this.#ports.random() });
  }

  async #subscribe(following: Following, client: AgentClient): Promise<void> {
    const { run, types } = following;
    try {
      following.remote = null;
      const params = { run, since: following.at.seq, ...(types === undefined ? {} : { types }) };
      const { subscription } = await client.request("runs/subscribe", params);
      if (this.#attached?.client === client && this.#following.has(following)) following.remote = subscription;
      else await client.request("runs/unsubscribe", { subscription });
    } catch (error) {
      if (this.#attached?.client !== client) return; // the next connection subscribes again
      following.onFailed(error instanceof AgentError ? error : new AgentError("failed", String(error)));
    }
  }

  #receive(events: RunEvents, client: AgentClient): void {
    this.#apply({ kind: "heard", now: this.#ports.now() });
    const following = [...this.#following].find(({ remote }) => remote === events.subscription);
    if (following === undefined) return; // a subscription that was let go of, or whose name has not arrived yet
    const applied = applyRange(following.at, events);
    if (applied.kind === "gap") {
      client.request("runs/unsubscribe", { subscription: events.subscription }).catch(() => undefined);
      this.#subscribe(following, client);
      return;
    }
    following.at = applied.next;
    if (applied.kind === "applied") following.onRecords(applied.records, applied.next.seq);
    client.request("runs/ack", { subscription: events.subscription, to: events.to }).catch(() => undefined); // lost with the connection
    if (events.ended) following.onEnded();
  }

  #receiveLogs(logs: RunLogs): void {
    this.#apply({ kind: "heard", now: this.#ports.now() });
    for (const following of this.#logs) if (following.receive(logs)) return;
  }
}
