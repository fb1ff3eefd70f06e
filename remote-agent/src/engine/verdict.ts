// What an HTTP answer means, in one table (WIRE.md, `retrieve_future`); the same for every call of both dialects.

import { errorBody, jobFailed, tryAgain } from "../protocol/wire.ts";
import {
  EngineConflict,
  EngineDiskFull,
  type EngineError,
  EngineFenced,
  EnginePaused,
  EngineRefused,
} from "./errors.ts";
import type { Trouble } from "./patience.ts";

export interface Answer {
  status: number;
  /** Parsed JSON, or the text where it is none. */
  body: unknown;
  retryAfterMs?: number;
}

export type Verdict =
  | { kind: "result"; body: unknown }
  /** The job is not done yet. */
  | { kind: "pending" }
  /** The engine no longer knows the request: send the call again. */
  | { kind: "resend" }
  | { kind: "trouble"; trouble: Trouble }
  | { kind: "error"; error: EngineError };

export function judge(call: string, answer: Answer): Verdict {
  const { status, body } = answer;
  if ((status === 200 || status === 408) && tryAgain.safeParse(body).success) return { kind: "pending" };
  if (status >= 200 && status < 300) {
    const failed = jobFailed.safeParse(body);
    if (!failed.success) return { kind: "result", body };
    const category = failed.data.category === "server" ? "server" : "user";
    const message = `The engine could not carry out ${call}: ${failed.data.error}`;
    const Failure = failed.data.code === "disk_full" ? EngineDiskFull : EngineRefused;
    return { kind: "error", error: new Failure(message, { call, status, category }) };
  }
  if (status === 410) return { kind: "resend" };
  const said = saidBy(body);
  const detail = `HTTP ${status}${said.message ? `: ${said.message}` : ""}`;
  if (status === 408 || status === 425 || status === 429) {
    return { kind: "trouble", trouble: withRetryAfter({ kind: "busy", detail }, answer) };
  }
  if (status >= 500) return { kind: "trouble", trouble: withRetryAfter({ kind: "failing", detail }, answer) };
  return { kind: "error", error: refusal(call, status, said, detail) };
}

function refusal(call: string, status: number, said: Said, detail: string): EngineError {
  const because = said.message || `HTTP ${status} without a reason`;
  switch (status) {
    case 402:
      return new EnginePaused(`The engine has paused serving this run: ${because}`, { call, detail });
    case 409:
      return new EngineConflict(`The engine has another history than this run (${call}): ${because}`, {
        call,
        detail,
        expected: said.expected,
      });
    case 412:
      return new EngineFenced(
        `Another process has taken over this run's engine, so this one must stop writing (${call}): ${because}`,
        { call, detail },
      );
    case 401:
    case 403:
      return new EngineRefused(
        `The engine did not accept the token (${call}): ${because}. Was it started by another run or with another token file?`,
        { call, detail, status },
      );
    default:
      return new EngineRefused(`The engine refused ${call}: ${because}`, { call, detail, status, param: said.param });
  }
}

interface Said {
  message: string;
  param: string | null;
  expected: number | null;
}

function saidBy(body: unknown): Said {
  if (typeof body === "string") return { message: body.trim().slice(0, 500), param: null, expected: null };
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return { message: short(body), param: null, expected: null };
  const { error, message, detail, expected } = parsed.data;
  const nested = typeof error === "object" ? error : undefined;
  const text = nested?.message ?? (typeof error === "string" ? error : undefined) ?? message ?? short(detail);
  return { message: text, param: nested?.param ?? null, expected: expected ?? nested?.expected ?? null };
}

function short(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value).slice(0, 500);
}

function withRetryAfter(trouble: Trouble, answer: Answer): Trouble {
  return answer.retryAfterMs === undefined ? trouble : { ...trouble, retryAfterMs: answer.retryAfterMs };
}
