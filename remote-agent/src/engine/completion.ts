// One completion as any dialect tells it, looked at before it is believed.

import { logprobList, nonsense, tokenList } from "./checkAnswer.ts";
import type { Completion, SampleRequest } from "./engine.ts";

/** [prompt][completion]. */
export type Sampler = (request: SampleRequest, signal?: AbortSignal) => Promise<Completion[][]>;

export interface Drawn {
  tokens: (number | null)[];
  logprobs: (number | null)[] | null | undefined;
  stop: string | null | undefined;
}

/** @throws EngineNonsense, naming `where` and the position. */
export function completionOf(
  call: string,
  where: string,
  vocabSize: number | null,
  request: SampleRequest,
  drawn: Drawn,
): Completion {
  const tokens = tokenList(call, `${where}, tokens`, drawn.tokens, vocabSize);
  if (tokens.length > request.params.maxTokens) {
    nonsense(call, `${where} has ${tokens.length} tokens, more than the ${request.params.maxTokens} asked for`);
  }
  const logprobs = request.logprobs ? logprobList(call, `${where}, logprobs`, drawn.logprobs ?? [], tokens.length) : [];
  return { tokens, logprobs, stop: drawn.stop === "length" ? "length" : "stop" };
}
