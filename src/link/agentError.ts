import type { WorkProgress } from "../../remote-agent/src/protocol/launching.ts";

/** The agent refused a request, did not answer in time, or is gone; the message is a sentence for the user. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  /** As the agent names it, or `timeout`, `gone`, `malformed`. */
  readonly reason: string;
  readonly remedy: string | null;

  constructor(reason: string, message: string, remedy: string | null = null) {
    super(message);
    this.reason = reason;
    this.remedy = remedy;
  }
}

export interface RequestOptions {
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
  /** How far the work has come that a request with a `command` asked for. */
  readonly onProgress?: (progress: WorkProgress) => void;
}
