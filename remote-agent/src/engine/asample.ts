// Sampling by the training dialect's `asample`, for servers without completions.

import { sampleAnswer, samplingSessionCreated, type TrainingRequests } from "../protocol/wire.ts";
import type { Caller } from "./caller.ts";
import { nonsense } from "./checkAnswer.ts";
import { completionOf, type Sampler } from "./completion.ts";
import type { Capabilities } from "./engine.ts";

/** Takes exactly one prompt. The one seed sent is the first: `asample` knows no seed per completion. */
export function asampleSampler(caller: Caller, capabilities: Capabilities, sessionId: string): Sampler {
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
