import type { MethodName, Params, Result, RunEvents, RunLogs, RunReask } from "../../remote-agent/src/protocol/rpc.ts";
import { type Sentence, say } from "../ssh/sentence.ts";
import { TransportError, type TransportReason } from "../ssh/transport.ts";
import type { AgentClient } from "./agentClient.ts";
import { AgentError, type RequestOptions } from "./agentError.ts";
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
  /** An error as the person reads it. */
  readonly words?: (error: Error) => string;
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

/** How often it is looked whether the agent was heard; the quiet after which it is asked; how long it may take to answer. */
const PULSE_MS = 2000;
const QUIET_MS = 10_000;
const SILENT_MS = 20_000;

/**
 * One host's agent, kept connected: reconnects with patience after a loss, and every subscription goes on where it was. Nothing is
 * shown twice, nothing is left out.
 */
export class HostLink {
  readonly #ports: LinkPorts;
  readonly #following = new Set<Following>();
  readonly #logs = new Set<LogFollowing>();
  readonly #reasks = new Set<(answer: RunReask) => void>();
  #state: LinkState = { kind: "idle" };
  #attached: Attached | null = null;
  #abort: AbortController | null = null;
  #timer: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;
  readonly #watchers = new Set<(state: LinkState) => void>();

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

  /**
   * Resolves when there is a connection; one that was lost is waited for while it is being tried again.
   * @throws AgentError `gone` when nothing more is tried, `timeout`, `cancelled`
   */
  async whenConnected(limitMs: number, signal?: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(limitMs);
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    await new Promise<void>((resolve, reject) => {
      const settle = (how: () => void) => {
        this.#watchers.delete(look);
        either.removeEventListener("abort", end);
        how();
      };
      const fail = (reason: string, message: Sentence | string) =>
        settle(() => reject(new AgentError(reason, message)));
      const look = (state: LinkState) => {
        if (state.kind === "connected" && this.#attached !== null) settle(resolve);
        else if (state.kind === "stopped") fail("gone", state.why);
        else if (state.kind === "idle") fail("gone", say`The connection to the host was closed.`);
      };
      const end = () => {
        if (!limit.aborted) return fail("cancelled", say`Cancelled.`);
        const why = this.#state.kind === "waiting" ? this.#state.why : "";
        const seconds = Math.round(limitMs / 1000);
        fail("timeout", say`There was no connection to the host within ${seconds} s. ${why}`);
      };
      this.#watchers.add(look);
      either.addEventListener("abort", end);
      if (either.aborted) end();
      else look(this.#state);
    });
  }

  /** Lets go of the host; its runs go on. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    this.#abort?.abort();
    const attached = this.#attached;
    this.#attached = null;
    for (const following of this.#following) following.remote = null;
    for (const following of this.#logs) following.detach();
    this.#apply({ kind: "unwanted" });
    await attached?.close();
  }

  /** Ends the connection for what the agent did; `what` goes on behind “The agent sent”. */
  distrust(what: string): void {
    this.#attached?.client.distrust(what);
  }

  /** Asks the agent. @throws AgentError, `gone` when there is no connection at the moment */
  async request<M extends MethodName>(method: M, params: Params<M>, options?: RequestOptions): Promise<Result<M>> {
    if (this.#attached === null) throw new AgentError("gone", say`There is no connection to the host at the moment.`);
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

  /** Listens to answers of `runs/reask`, of every run, over all reconnections. @returns how to stop */
  onReask(listener: (answer: RunReask) => void): () => void {
    this.#reasks.add(listener);
    return () => void this.#reasks.delete(listener);
  }

  #apply(event: LinkEvent): void {
    const before = this.#state;
    const after = nextLink(before, event);
    if (after === before) return;
    this.#state = after;
    this.#ports.onState(after);
    for (const watch of [...this.#watchers]) watch(after);
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
      attached.client.onReask((answer) => {
        for (const listener of this.#reasks) listener(answer);
      });
      for (const following of this.#following) this.#subscribe(following, attached.client);
      for (const following of this.#logs) following.attach(attached.client);
      const lost = attached.lost.then((error) =>
        this.#words(error ?? new AgentError("gone", say`The connection was closed.`)),
      );
      let distrusted = false;
      const gone = attached.client.gone.then((error) => {
        distrusted = error.reason === "malformed";
        return this.#words(error);
      });
      const why = await Promise.race([gone, lost, this.#silent(attached.client)]);
      clearInterval(this.#pulse);
      if (this.#attached !== attached) return;
      this.#attached = null;
      for (const following of this.#following) following.remote = null;
      for (const following of this.#logs) following.detach();
      await attached.close();
      // One that does not keep to the contract would do it again: a person decides.
      this.#down(distrusted ? "failed" : "lost", why);
    } catch (error) {
      if (abort.signal.aborted) return;
      const reason: TransportReason = error instanceof TransportError ? error.reason : "failed";
      this.#down(reason, error instanceof Error ? this.#words(error) : String(error));
    }
  }

  /** Resolves when the agent has not answered for too long, though no connection is closed: it, or something on the way, hangs. */
  #silent(client: AgentClient): Promise<string> {
    return new Promise((resolve) => {
      let asked = false;
      this.#pulse = setInterval(() => {
        const { now } = this.#ports;
        if (asked || this.#state.kind !== "connected" || now() - this.#state.lastHeard < QUIET_MS) return;
        asked = true;
        this.request("agent/hello", { client: "vscode" }, { limitMs: SILENT_MS }).then(
          () => {
            asked = false;
          },
          (error: unknown) => {
            asked = false;
            const waited = (QUIET_MS + SILENT_MS) / 1000;
            if (error instanceof AgentError && error.reason === "timeout" && this.#attached?.client === client)
              resolve(this.#words(new AgentError("timeout", say`Nothing was heard from the host for ${waited} s.`)));
          },
        );
      }, PULSE_MS);
    });
  }

  #words(error: Error): string {
    return this.#ports.words?.(error) ?? error.message;
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

  /** A view that fails ends its own subscription: it must not hold up the others, or stand still unseen. */
  #show(following: Following, records: RunEvents["records"], seq: number): void {
    try {
      following.onRecords(records, seq);
    } catch (error) {
      this.#following.delete(following);
      const said = error instanceof Error ? error.message : String(error);
      following.onFailed(new AgentError("view", say`The records of ${following.run} could not be shown: ${said}`));
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
    if (applied.kind === "applied") this.#show(following, applied.records, applied.next.seq);
    client.request("runs/ack", { subscription: events.subscription, to: events.to }).catch(() => undefined); // lost with the connection
    if (events.ended) following.onEnded();
  }

  #receiveLogs(logs: RunLogs): void {
    this.#apply({ kind: "heard", now: this.#ports.now() });
    for (const following of this.#logs) if (following.receive(logs)) return;
  }
}
