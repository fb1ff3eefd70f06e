// Drawing completions, by whichever way the probe found: one batch of prompts, one request per prompt, or `asample`.

import OpenAI from "openai";
import {
  type CompletionsRequest,
  completionsResponse,
  sampleAnswer,
  samplingSessionCreated,
  type TrainingRequests,
} from "../protocol/wire.ts";
import { type Caller, type CallerOptions, parse, readAnswer } from "./caller.ts";
import { logprobList, nonsense, tokenList } from "./checkAnswer.ts";
import { checkSampleRequest } from "./checkRequest.ts";
import type { Capabilities, Completion, SampleRequest } from "./engine.ts";
import { parseJson } from "./json.ts";
import type { Answer } from "./verdict.ts";

// Enough to keep a continuous-batching server full without opening a socket per question.
const REQUESTS_IN_FLIGHT = 128;

/** [prompt][completion]. */
export type Sampler = (request: SampleRequest, signal?: AbortSignal) => Promise<Completion[][]>;

export function createSampler(
  caller: Caller,
  options: CallerOptions,
  capabilities: Capabilities,
  sessionId: string | null,
): Sampler {
  const draw = capabilities.completions
    ? completionsSampler(caller, options, capabilities)
    : asampleSampler(caller, capabilities, sessionId ?? "");
  const atOnce = capabilities.completions && capabilities.batchPrompts && capabilities.seeds;
  return async (request, signal) => {
    checkSampleRequest(request, capabilities);
    if (atOnce) return draw(request, signal);
    const single = request.prompts.map((prompt, i) => ({
      ...request,
      prompts: [prompt],
      seeds: [request.seeds[i] ?? []],
    }));
    return (await inParallel(single, (one, stop) => draw(one, stop), signal)).flat();
  };
}

function completionsSampler(caller: Caller, options: CallerOptions, capabilities: Capabilities): Sampler {
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

interface Drawn {
  tokens: (number | null)[];
  logprobs: (number | null)[] | null | undefined;
  stop: string | null | undefined;
}

function completionOf(
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

function asampleSampler(caller: Caller, capabilities: Capabilities, sessionId: string): Sampler {
  const sessions = new Map<string, Promise<string>>();
  let sessionSeq = 0;
  let seq = 0;

  const open = async (snapshot: string) => {
    const body: TrainingRequests["create_sampling_session"] = {
      session_id: sessionId,
      sampling_session_seq_id: ++sessionSeq,
      model_path: snapshot,
    };
    return (await caller.ask({ call: "create_sampling_session", body }, samplingSessionCreated)).sampling_session_id;
  };
  const sessionOf = (snapshot: string) => {
    let session = sessions.get(snapshot);
    if (!session) {
      session = open(snapshot);
      sessions.set(snapshot, session);
      session.catch(() => sessions.delete(snapshot)); // the next call tries anew; this one hears of it below
    }
    return session;
  };

  return async (request, signal) => {
    const { params, seeds, prompts } = request;
    const body: TrainingRequests["asample"] = {
      sampling_session_id: await sessionOf(request.snapshot),
      seq_id: ++seq,
      num_samples: seeds[0]?.length ?? 1,
      prompt: { chunks: [{ type: "encoded_text", tokens: prompts[0] ?? [] }] },
      sampling_params: {
        max_tokens: params.maxTokens,
        temperature: params.temperature,
        top_p: params.topP,
        top_k: params.topK,
        seed: seeds[0]?.[0] ?? 0,
        stop: params.stopTokenIds,
      },
    };
    const { sequences } = await caller.redeem({ call: "asample", body, signal }, sampleAnswer);
    if (sequences.length !== body.num_samples) {
      nonsense("asample", `${sequences.length} sequences where ${body.num_samples} were asked for`);
    }
    return [
      sequences.map((sequence, k) =>
        completionOf("asample", `sequence ${k}`, capabilities.vocabSize, request, {
          tokens: sequence.tokens,
          logprobs: sequence.logprobs,
          stop: sequence.stop_reason,
        }),
      ),
    ];
  };
}

/** The first failure stops the others and is the one that is thrown. */
async function inParallel<T, R>(
  items: T[],
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) {
      stop.throwIfAborted();
      results[i] = await work(items[i] as T, stop);
    }
  };
  const lanes = Array.from({ length: Math.min(REQUESTS_IN_FLIGHT, items.length) }, () =>
    lane().catch((error: unknown) => {
      failure.abort(error);
      throw error;
    }),
  );
  await Promise.all(lanes);
  return results;
}
