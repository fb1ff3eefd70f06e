// One call on the wire, from the first byte to a parsed result: retries, polling of futures, limits.

import type { z } from "zod";
import { futureAccepted } from "../protocol/wire.ts";
import type { Submitted } from "./engine.ts";
import { EngineError, EngineNonsense } from "./errors.ts";
import type { Fetch } from "./httpFetch.ts";
import { parseJson } from "./json.ts";
import { type Clock, createPatience, type Patience, type Timeouts } from "./patience.ts";
import { type Answer, judge, type Verdict } from "./verdict.ts";

export interface CallerOptions {
  /** Scheme, host and port, without a slash at the end. */
  url: string;
  token: string;
  fetch: Fetch;
  clock: Clock;
  timeouts: Timeouts;
}

export interface Request {
  /** The name in messages; also the path under /api/v1/ unless `path` is given. */
  call: string;
  path?: string;
  method?: "GET" | "POST";
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export interface Caller {
  /** A call that is answered at once. */
  ask<T>(request: Request, schema: z.ZodType<T>): Promise<T>;
  /** A call that is answered with a future, which is polled. */
  redeem<T>(request: Request, schema: z.ZodType<T>): Promise<T>;
  /** The same in two parts: resolves once the engine has taken the call, so that the next in order may be sent. */
  submit<T>(request: Request, schema: z.ZodType<T>): Promise<Submitted<T>>;
  /** One try after another until `attempt` gives a verdict that counts; the sampling dialect brings its own attempt. */
  persist(call: string, attempt: Attempt, signal?: AbortSignal): Promise<unknown>;
}

/** One exchange within the signal's limit. Network errors may be thrown as they come. */
export type Attempt = (signal: AbortSignal) => Promise<Answer>;

// A job that is lost this often is not lost by accident.
const MAX_RESENDS = 5;

export function createCaller(options: CallerOptions): Caller {
  const { url, clock, timeouts } = options;

  const exchange =
    (path: string, method: string, body: string | undefined): Attempt =>
    async (signal) => {
      const headers: Record<string, string> = { authorization: `Bearer ${options.token}`, accept: "application/json" };
      if (body !== undefined) headers["content-type"] = "application/json";
      const init: RequestInit = { method, headers, signal };
      if (body !== undefined) init.body = body;
      return readAnswer(await options.fetch(url + path, init));
    };

  async function post(request: Request, patience: Patience): Promise<Verdict> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const path = request.path ?? `/api/v1/${request.call}`;
    const method = request.method ?? (body === undefined ? "GET" : "POST");
    return settle(request.call, exchange(path, method, body), patience, timeouts.exchangeMs, request.signal);
  }

  async function settle(call: string, attempt: Attempt, patience: Patience, ms: number, cancel?: AbortSignal) {
    for (;;) {
      cancel?.throwIfAborted();
      const verdict = await tryOnce(call, attempt, patience.signal(ms), cancel);
      if (verdict.kind === "error") throw verdict.error;
      if (verdict.kind !== "trouble") {
        patience.fine();
        return verdict;
      }
      await patience.after(verdict.trouble);
    }
  }

  /** The id of the request's future, sending it again while the engine says that it no longer knows it. */
  async function accepted(request: Request, patience: Patience, resends: { left: number }): Promise<string> {
    for (;;) {
      patience.doing = "sending the request";
      const verdict = await post(request, patience);
      if (verdict.kind === "result") return parse(request.call, verdict.body, futureAccepted).request_id;
      await again(request, patience, resends);
    }
  }

  async function again(request: Request, patience: Patience, resends: { left: number }): Promise<void> {
    if (resends.left-- <= 0) {
      throw new EngineNonsense(
        `The engine at ${url} forgot ${request.call} ${MAX_RESENDS + 1} times in a row. Look at its log: it may be restarting over and over.`,
        { call: request.call },
      );
    }
    await patience.after({ kind: "busy", detail: "the engine no longer knows the request" });
  }

  /** What the future holds, or null when the engine does not know it any more. */
  async function polled(request: Request, patience: Patience, requestId: string): Promise<{ body: unknown } | null> {
    patience.doing = "waiting for the result";
    const poll = exchange("/api/v1/retrieve_future", "POST", JSON.stringify({ request_id: requestId }));
    for (let quick = 0; ; quick++) {
      const asked = clock.now();
      const verdict = await settle(request.call, poll, patience, timeouts.pollMs, request.signal);
      if (verdict.kind === "result") return { body: verdict.body };
      if (verdict.kind === "resend") return null;
      // A server that does not hold the poll must not be asked in a tight loop.
      if (clock.now() - asked < 1000) await clock.sleep(Math.min(10 * 2 ** Math.min(quick, 6), 500), request.signal);
    }
  }

  async function submit<T>(request: Request, schema: z.ZodType<T>): Promise<Submitted<T>> {
    const patience = createPatience(request.call, url, timeouts, clock, request.signal);
    const resends = { left: MAX_RESENDS };
    const first = await accepted(request, patience, resends);
    const follow = async () => {
      for (let id = first; ; id = await accepted(request, patience, resends)) {
        const answer = await polled(request, patience, id);
        if (answer !== null) return parse(request.call, answer.body, schema);
        await again(request, patience, resends);
      }
    };
    const result = follow();
    result.catch(() => undefined); // told to whoever awaits it
    return { result };
  }

  return {
    async ask(request, schema) {
      const patience = createPatience(request.call, url, timeouts, clock, request.signal);
      const verdict = await post(request, patience);
      return parse(request.call, verdict.kind === "result" ? verdict.body : verdict, schema);
    },

    submit,

    async redeem(request, schema) {
      return (await submit(request, schema)).result;
    },

    async persist(call, attempt, signal) {
      const patience = createPatience(call, url, timeouts, clock, signal);
      patience.doing = "waiting for completions";
      const verdict = await settle(call, attempt, patience, timeouts.totalMs, signal);
      return verdict.kind === "result" ? verdict.body : verdict;
    },
  };
}

async function tryOnce(call: string, attempt: Attempt, limit: AbortSignal, cancel?: AbortSignal): Promise<Verdict> {
  try {
    return judge(call, await attempt(limit));
  } catch (error) {
    cancel?.throwIfAborted();
    if (error instanceof EngineError) throw error;
    const detail = describe(error);
    return { kind: "trouble", trouble: { kind: limit.aborted ? "silent" : "gone", detail } };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  const cause = error.cause instanceof Error ? `: ${describe(error.cause)}` : "";
  return `${error.message || error.name}${code}${cause}`;
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const answer: Answer = { status: response.status, body: parseJson(text) };
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (Number.isFinite(retryAfter) && retryAfter >= 0) answer.retryAfterMs = retryAfter * 1000;
  return answer;
}

/** @throws EngineNonsense naming the field that is not of the wire's shape. */
export function parse<T>(call: string, body: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.map(String).join(".")}` : "";
  throw new EngineNonsense(
    `The engine's answer to ${call} is not what docs/engine-api.md says${where}: ${issue?.message ?? "unreadable"}. ` +
      "Is this really an engine of a matching version?",
    { call, detail: JSON.stringify(body)?.slice(0, 500) ?? String(body) },
    { cause: parsed.error },
  );
}
