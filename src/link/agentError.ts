import type { WorkProgress } from "../../remote-agent/src/protocol/launching.ts";
import { english, type Sentence } from "../ssh/sentence.ts";

/** The agent refused a request, did not answer in time, or is gone; the message is a sentence for the user, in English. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  /** As the agent names it, or `timeout`, `gone`, `malformed`. */
  readonly reason: string;
  readonly remedy: string | null;
  /** The message as it can be said in the person's language; null where it is the agent's own words. */
  readonly sentence: Sentence | null;

  constructor(reason: string, said: Sentence | string, remedy: string | null = null) {
    super(typeof said === "string" ? said : english(said));
    this.sentence = typeof said === "string" ? null : said;
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
