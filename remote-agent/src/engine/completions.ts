// Sampling by `POST /v1/completions`, through the `openai` package.

import OpenAI from "openai";
import { type CompletionsRequest, completionsResponse } from "../protocol/wire.ts";
import { type Caller, type CallerOptions, parse, readAnswer } from "./caller.ts";
import { nonsense } from "./checkAnswer.ts";
import { completionOf, type Sampler } from "./completion.ts";
import type { Capabilities, Completion, SampleRequest } from "./engine.ts";
import { parseJson } from "./json.ts";
import type { Answer } from "./verdict.ts";

/** Takes several prompts at once where the server does, else exactly one. */
export function completionsSampler(caller: Caller, options: CallerOptions, capabilities: Capabilities): Sampler {
  const openai = new OpenAI({
    apiKey: options.token,
    baseURL: `${options.url}/v1`,
    fetch: options.fetch,
    maxRetries: 0, // retried by `persist`, with the limits of every other call
    timeout: options.timeouts.totalMs,
    organization: null,
    project: null,
    logLevel: "off",
  });
  const post = async (body: CompletionsRequest, signal: AbortSignal): Promise<Answer> => {
    try {
      return await readAnswer(await openai.completions.create({ ...body, stream: false }, { signal }).asResponse());
    } catch (error) {
      if (error instanceof OpenAI.APIError && error.status !== undefined) {
        const wait = Number(error.headers?.get("retry-after") ?? Number.NaN);
        const body: unknown = error.error === undefined ? parseJson(error.message) : { error: error.error };
        return { status: error.status, body, ...(wait >= 0 ? { retryAfterMs: wait * 1000 } : {}) };
      }
      throw error;
    }
  };
  return async (request, signal) => {
    const body = completionsBody(request, capabilities);
    const answer = await caller.persist("completions", (limit) => post(body, limit), signal);
    return readChoices(request, answer, capabilities);
  };
}

function completionsBody({ prompts, seeds, params, snapshot, logprobs }: SampleRequest, can: Capabilities) {
  const body: CompletionsRequest = {
    model: snapshot,
    prompt: can.batchPrompts ? prompts : (prompts[0] ?? []),
    n: seeds[0]?.length ?? 1,
    max_tokens: params.maxTokens,
    temperature: params.temperature,
    top_p: params.topP,
    top_k: params.topK,
    stop_token_ids: params.stopTokenIds,
    return_token_ids: true,
  };
  if (can.seeds) body.seeds = seeds;
  else body.seed = seeds[0]?.[0] ?? 0;
  if (logprobs) body.logprobs = 0;
  return body;
}

function readChoices(request: SampleRequest, answer: unknown, { vocabSize }: Capabilities): Completion[][] {
  const call = "completions";
  const { choices } = parse(call, answer, completionsResponse);
  const n = request.seeds[0]?.length ?? 0;
  const rows: (Completion | undefined)[][] = request.prompts.map(() => new Array<undefined>(n).fill(undefined));
  for (const choice of choices) {
    const where = `choice ${choice.index}`;
    const row = rows[Math.floor(choice.index / n)];
    if (!row || row[choice.index % n]) nonsense(call, `${where} is one too many or there twice`);
    const completion = completionOf(call, where, vocabSize, request, {
      tokens: choice.token_ids,
      logprobs: choice.logprobs?.token_logprobs,
      stop: choice.finish_reason,
    });
    row[choice.index % n] = completion;
  }
  return rows.map((row, i) =>
    row.map((completion, k) => completion ?? nonsense(call, `completion ${k} of prompt ${i} is missing`)),
  );
}
