// How long one call may go on: a hard total limit, and a budget for trouble in a row (server errors, no connection).

import { EngineFailed, EngineGone, EngineUnresponsive } from "./errors.ts";

export interface Clock {
  /** Milliseconds, never going back. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** In [0, 1), for jitter only. */
  random(): number;
}

export interface Timeouts {
  /** A whole call, from the first byte to its result. */
  totalMs: number;
  /** One HTTP exchange that should answer at once. */
  exchangeMs: number;
  /** One long poll; servers hold it for up to 20 s. */
  pollMs: number;
  /** How long server errors or a lost connection are borne in a row. */
  retryBudgetMs: number;
  /** First pause after trouble; doubles up to 32 times that. */
  backoffMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  totalMs: 600_000,
  exchangeMs: 60_000,
  pollMs: 40_000,
  retryBudgetMs: 30_000,
  backoffMs: 100,
};

export interface Trouble {
  /** failing: 5xx · gone: no connection · silent: no answer in time · busy: told to come back (408, 425, 429). */
  kind: "failing" | "gone" | "silent" | "busy";
  detail: string;
  retryAfterMs?: number;
}

export interface Patience {
  /** The signal for one exchange: the caller's, plus a limit of `ms` or what is left of the total. */
  signal(ms: number): AbortSignal;
  /** Pauses before another try. @throws EngineUnresponsive, EngineFailed or EngineGone when there is none left. */
  after(trouble: Trouble): Promise<void>;
  /** The engine answered sensibly: trouble starts counting anew. @throws EngineUnresponsive */
  fine(): void;
  /** What the call is waiting for, for the message. */
  doing: string;
}

export function createPatience(
  call: string,
  url: string,
  timeouts: Timeouts,
  clock: Clock,
  cancel?: AbortSignal,
): Patience {
  const start = clock.now();
  let troubleSince: number | null = null;
  let tries = 0;
  let last = "";

  const left = () => start + timeouts.totalMs - clock.now();
  const patience: Patience = {
    doing: "sending the request",
    signal(ms) {
      const limit = AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(ms, left()))));
      return cancel ? AbortSignal.any([cancel, limit]) : limit;
    },
    fine() {
      troubleSince = null;
      tries = 0;
      checkTotal();
    },
    async after(trouble) {
      cancel?.throwIfAborted();
      last = trouble.detail;
      checkTotal();
      if (trouble.kind === "failing" || trouble.kind === "gone") {
        troubleSince ??= clock.now();
        if (clock.now() - troubleSince >= timeouts.retryBudgetMs) throw givenUp(trouble);
      } else {
        troubleSince = null;
      }
      const ceiling = timeouts.backoffMs * 2 ** Math.min(tries++, 5);
      const pause = Math.max(ceiling * (0.5 + clock.random() / 2), Math.min(trouble.retryAfterMs ?? 0, 30_000));
      await clock.sleep(Math.max(0, Math.min(pause, left())), cancel);
    },
  };

  function checkTotal() {
    if (left() > 0) return;
    throw new EngineUnresponsive(
      `The engine at ${url} gave no result for ${call} within ${seconds(timeouts.totalMs)} (while ${patience.doing}). ` +
        "Look at the engine's log; if it is only slow, raise the call's time limit, else restart it.",
      { call, detail: last },
    );
  }

  function givenUp(trouble: Trouble) {
    if (trouble.kind === "gone") {
      return new EngineGone(
        `The engine at ${url} cannot be reached any more (${trouble.detail}), tried for ${seconds(timeouts.retryBudgetMs)} ` +
          `while ${patience.doing} of ${call}. It has to be started again; the run goes on from its last durable checkpoint.`,
        { call, detail: trouble.detail },
      );
    }
    return new EngineFailed(
      `The engine at ${url} answered ${call} with server errors for ${seconds(timeouts.retryBudgetMs)}: ${trouble.detail}. ` +
        "Look at the engine's log, then restart it.",
      { call, detail: trouble.detail },
    );
  }

  return patience;
}

function seconds(ms: number): string {
  return ms >= 1000 ? `${Math.round(ms / 1000)} s` : `${ms} ms`;
}
