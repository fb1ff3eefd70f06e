import type { z } from "zod";
import { AgentError } from "../../link/agentError.ts";
import {
  type EventName,
  type FromWebview,
  fromWebview,
  type PanelContract,
  type PanelState,
  type RequestHandlers,
  type RequestName,
  type RequestParams,
  type ToWebview,
} from "./messages.ts";

export interface HostEndPorts<C extends PanelContract> {
  readonly post: (message: ToWebview) => void;
  readonly handlers: RequestHandlers<C>;
  readonly ready: () => void;
  readonly onState: (state: PanelState<C>) => void;
  /** Something that only the log has to know. */
  readonly report: (message: string) => void;
}

/** A page that asks for more at once is broken: its further requests are refused. */
const UNDER_WAY = 64;

/** The extension host's end of a panel: parses what the page says, runs its requests, answers each once. */
export class HostEnd<C extends PanelContract> {
  readonly #contract: C;
  readonly #ports: HostEndPorts<C>;
  readonly #underWay = new Map<number, AbortController>();
  #closed = false;

  constructor(contract: C, ports: HostEndPorts<C>) {
    this.#contract = contract;
    this.#ports = ports;
  }

  receive(raw: unknown): void {
    const message = fromWebview.safeParse(raw);
    if (message.success) this.#take(message.data);
    else this.#ports.report("The page sent something that is no message.");
  }

  send<E extends EventName<C>>(name: E, value: z.input<C["events"][E]>): void {
    this.#post({ kind: "event", name, value });
  }

  sendState(state: PanelState<C>): void {
    this.#post({ kind: "state", state });
  }

  /** The answer to what the page is about to ask: it does not have to wait for it. */
  sendAhead<M extends RequestName<C>>(
    method: M,
    params: RequestParams<C, M>,
    value: z.input<C["requests"][M]["result"]>,
  ): void {
    this.#post({ kind: "ahead", method, params, value });
  }

  /** Lets go of everything that is under way. */
  close(): void {
    this.#closed = true;
    this.#cancelAll();
  }

  #take(message: FromWebview): void {
    switch (message.kind) {
      case "ready":
        this.#cancelAll(); // what an earlier page asked for, nobody waits for
        this.#ports.ready();
        break;
      case "state": {
        const state = this.#contract.state.safeParse(message.state);
        if (state.success) this.#ports.onState(state.data as PanelState<C>);
        else this.#ports.report("The page sent a state that is none.");
        break;
      }
      case "cancel":
        this.#underWay.get(message.id)?.abort();
        break;
      case "trouble":
        this.#ports.report(message.message);
        break;
      case "request":
        void this.#answer(message);
    }
  }

  async #answer({ id, method, params }: Extract<FromWebview, { kind: "request" }>): Promise<void> {
    const refuse = (reason: string, message: string) => this.#post({ kind: "refusal", id, reason, message });
    const known = Object.hasOwn(this.#contract.requests, method) ? this.#contract.requests[method] : undefined;
    const handler = this.#ports.handlers[method];
    if (known === undefined || handler === undefined) return refuse("unknown", `There is no request “${method}”.`);
    const parsed = known.params.safeParse(params);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return refuse("malformed", `${method}: ${issue?.path.join(".")}: ${issue?.message}`);
    }
    if (this.#underWay.size >= UNDER_WAY) return refuse("busy", "Too many requests are under way.");
    const abort = new AbortController();
    this.#underWay.set(id, abort);
    try {
      // The parameters were parsed by this method's own schema: the map's type has lost that they belong together.
      const value = await handler(parsed.data as never, abort.signal);
      if (!abort.signal.aborted) this.#post({ kind: "answer", id, value });
    } catch (error) {
      if (abort.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      refuse(error instanceof AgentError ? error.reason : "failed", message);
      if (!(error instanceof AgentError))
        this.#ports.report(error instanceof Error ? (error.stack ?? message) : message);
    } finally {
      if (this.#underWay.get(id) === abort) this.#underWay.delete(id);
    }
  }

  #cancelAll(): void {
    for (const abort of this.#underWay.values()) abort.abort();
    this.#underWay.clear();
  }

  #post(message: ToWebview): void {
    if (!this.#closed) this.#ports.post(message);
  }
}
