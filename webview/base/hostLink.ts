import type { Boot } from "../../src/panels/base/boot.ts";
import {
  type EventHandlers,
  type FromWebview,
  type PanelContract,
  type PanelState,
  type PanelWords,
  type RequestName,
  type RequestParams,
  type RequestResult,
  requestKey,
  toWebview,
} from "../../src/panels/base/messages.ts";
import { EarlyAnswers } from "./earlyAnswers.ts";

/** The host refused, did not answer in time (`timeout`), or the request was given up (`cancelled`). */
export class PanelError extends Error {
  override readonly name = "PanelError";
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface AskOptions {
  /** 30 s unless a person is asked something. */
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}

interface Waiting {
  /** What is asked (`requestKey`). */
  readonly key: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PanelError) => void;
}

const LIMIT_MS = 30_000;

/** The page's end of a panel: requests with a limit, events and state; all that arrives is parsed. */
export class HostLink<C extends PanelContract> {
  readonly #contract: C;
  readonly #boot: Boot;
  readonly #words: { readonly timeout: string; readonly malformed: string };
  readonly #waiting = new Map<number, Waiting>();
  readonly #early = new EarlyAnswers();
  #last = 0;

  constructor(contract: C, boot: Boot, words: PanelWords<C> & { timeout: string; malformed: string }) {
    this.#contract = contract;
    this.#boot = boot;
    this.#words = words;
  }

  /** Begins, with what came since the page's first lines told the host that it listens. */
  listen(on: { state: (state: PanelState<C>) => void; events: EventHandlers<C> }): void {
    window.addEventListener("error", (event) => this.trouble(event.error ?? event.message));
    window.addEventListener("unhandledrejection", (event) => this.trouble(event.reason));
    this.#boot.receive((message) => this.#receive(message, on));
  }

  /** @throws PanelError */
  async ask<M extends RequestName<C>>(
    method: M,
    params: RequestParams<C, M>,
    { limitMs = LIMIT_MS, signal }: AskOptions = {},
  ): Promise<RequestResult<C, M>> {
    if (signal?.aborted === true) throw new PanelError("cancelled", "");
    const key = requestKey(method, params);
    const early = this.#early.take(key);
    if (early !== undefined) return this.#parsed(method, early.value);
    const id = ++this.#last;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { key, resolve, reject }));
    const give = (reason: string, message: string) => {
      this.#post({ kind: "cancel", id });
      this.#waiting.get(id)?.reject(new PanelError(reason, message));
    };
    const seconds = String(limitMs / 1000);
    const timer = setTimeout(() => give("timeout", this.#words.timeout.replace("{seconds}", seconds)), limitMs);
    const cancel = () => give("cancelled", "");
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      this.#post({ kind: "request", id, method, params });
      return this.#parsed(method, await answer);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      this.#waiting.delete(id);
    }
  }

  #parsed<M extends RequestName<C>>(method: M, value: unknown): RequestResult<C, M> {
    const parsed = this.#contract.requests[method]?.result.safeParse(value);
    if (parsed?.success !== true) throw new PanelError("malformed", this.#words.malformed);
    return parsed.data as RequestResult<C, M>;
  }

  /** Keeps where the person is, over reloads of the window. */
  keep(state: PanelState<C>): void {
    this.#boot.api.setState(state);
    this.#post({ kind: "state", state });
  }

  trouble(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#post({ kind: "trouble", message: message.slice(0, 4000) });
  }

  #receive(raw: unknown, on: { state: (state: PanelState<C>) => void; events: EventHandlers<C> }): void {
    const message = toWebview.safeParse(raw);
    if (!message.success) return; // VS Code's own messages come the same way
    const { data } = message;
    switch (data.kind) {
      case "answer":
        this.#waiting.get(data.id)?.resolve(data.value);
        break;
      case "refusal":
        this.#waiting.get(data.id)?.reject(new PanelError(data.reason, data.message));
        break;
      case "state":
        this.#takeState(data.state, on.state);
        break;
      case "ahead":
        this.#takeAhead(requestKey(data.method, data.params), data.value);
        break;
      case "event":
        this.#takeEvent(data.name, data.value, on.events);
    }
  }

  /** The page may just have asked: then its question was on its way while this came. */
  #takeAhead(key: string, value: unknown): void {
    const asked = [...this.#waiting.values()].find((waiting) => waiting.key === key);
    if (asked === undefined) this.#early.add(key, value);
    else asked.resolve(value);
  }

  #takeState(raw: unknown, on: (state: PanelState<C>) => void): void {
    const state = this.#contract.state.safeParse(raw);
    if (state.success) {
      this.#boot.api.setState(state.data);
      on(state.data as PanelState<C>);
    } else this.trouble(`state: ${state.error.message}`);
  }

  #takeEvent(name: string, raw: unknown, on: EventHandlers<C>): void {
    const schema = Object.hasOwn(this.#contract.events, name) ? this.#contract.events[name] : undefined;
    const value = schema?.safeParse(raw);
    // Parsed by this event's own schema: the map's type has lost that they belong together.
    if (value?.success === true) on[name]?.(value.data as never);
    else this.trouble(`event ${name}: ${value?.error.message ?? "unknown"}`);
  }

  #post(message: FromWebview): void {
    this.#boot.api.postMessage(message);
  }
}

/** The words that the host put into the page. */
export function wordsOfPage<C extends PanelContract>(contract: C): PanelWords<C> {
  return contract.words.parse(JSON.parse(document.body.dataset["words"] ?? "null")) as PanelWords<C>;
}
