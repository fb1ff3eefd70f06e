// The training dialect: our names to the wire's, and back with every number looked at.

import {
  acknowledged,
  type ForwardAnswer,
  forwardAnswer,
  modelCreated,
  optimAnswer,
  pathAnswer,
  type TrainingRequests,
} from "../protocol/wire.ts";
import type { Caller } from "./caller.ts";
import { finiteList, logprobList, nonsense } from "./checkAnswer.ts";
import { checkAdam, checkBatch, checkSeq } from "./checkRequest.ts";
import type {
  AdamParams,
  Capabilities,
  Datum,
  Engine,
  ForwardResult,
  LossSpec,
  OptimResult,
  Submitted,
} from "./engine.ts";
import { EngineRefused, EngineUnsupported } from "./errors.ts";
import { forwardInput } from "./forwardInput.ts";

export type Training = Pick<
  Engine,
  | "createModel"
  | "loadWeights"
  | "forward"
  | "forwardBackward"
  | "optimStep"
  | "submitStep"
  | "snapshot"
  | "submitSnapshot"
  | "saveWeights"
  | "unload"
>;

export interface TrainingSetting {
  caller: Caller;
  capabilities: Capabilities;
  baseModel: string;
  sessionId: string | null;
  /** undefined: not sent. */
  epoch(): number | undefined;
}

export function createTraining({ caller, capabilities, baseModel, sessionId, epoch }: TrainingSetting): Training {
  let modelSeq = 0;

  const session = (call: string): string => {
    if (sessionId !== null) return sessionId;
    throw new EngineUnsupported("This server can only sample; training needs another engine.", { call });
  };
  const ordered = (call: string, modelId: string, seq: number) => {
    session(call);
    checkSeq(call, seq);
    return { model_id: modelId, seq_id: seq, ...fence() };
  };
  const fence = (): { epoch?: number } => {
    const current = epoch();
    return current === undefined ? {} : { epoch: current };
  };

  const forwardBackward = async (
    modelId: string,
    seq: number,
    { data, loss }: { data: Datum[]; loss: LossSpec },
    signal?: AbortSignal,
  ): Promise<Submitted<ForwardResult>> => {
    const call = "forward_backward";
    checkBatch(call, data, loss, capabilities);
    const body: TrainingRequests[typeof call] = {
      ...ordered(call, modelId, seq),
      forward_backward_input: forwardInput(data, loss, capabilities.compact),
    };
    const { result } = await caller.submit({ call, body, signal }, forwardAnswer);
    return { result: quietly(result.then((answer) => readForward(call, data, loss, answer))) };
  };
  const optimStep = async (
    modelId: string,
    seq: number,
    adam: AdamParams,
    signal?: AbortSignal,
  ): Promise<Submitted<OptimResult>> => {
    const call = "optim_step";
    checkAdam(adam);
    const body: TrainingRequests[typeof call] = { ...ordered(call, modelId, seq), adam_params: adamParams(adam) };
    const { result } = await caller.submit({ call, body, signal }, optimAnswer);
    return {
      result: quietly(
        result.then(({ metrics }) => ({
          gradNorm: metrics.grad_norm ?? null,
          skipped: (metrics.skipped ?? 0) > 0,
          metrics,
        })),
      ),
    };
  };
  const submitSnapshot = async (modelId: string, name: string, signal?: AbortSignal): Promise<Submitted<string>> => {
    const call = "save_weights_for_sampler";
    session(call);
    const body: TrainingRequests[typeof call] = { model_id: modelId, path: name, ...fence() };
    const { result } = await caller.submit({ call, body, signal }, pathAnswer);
    return { result: quietly(result.then(({ path }) => path)) };
  };
  return {
    async createModel({ rank, seed }, signal) {
      const call = "create_model";
      const offered = rank === 0 ? capabilities.full : capabilities.lora;
      if (!offered) {
        const what = rank === 0 ? "all parameters (rank 0)" : "a LoRA adapter";
        throw new EngineUnsupported(`This engine cannot train ${what}. Choose the other kind in run.yaml.`, { call });
      }
      const body: TrainingRequests[typeof call] = {
        session_id: session(call),
        model_seq_id: ++modelSeq,
        base_model: baseModel,
        lora_config: { rank, seed },
      };
      return (await caller.redeem({ call, body, signal }, modelCreated)).model_id;
    },

    async loadWeights(modelId, seq, { path, optimizer }, signal) {
      const call = "load_weights";
      const body: TrainingRequests[typeof call] = { ...ordered(call, modelId, seq), path, optimizer };
      await caller.redeem({ call, body, signal }, acknowledged);
    },

    async forward(modelId, seq, { data, loss }, signal) {
      const call = "forward";
      checkBatch(call, data, loss, capabilities);
      const body: TrainingRequests[typeof call] = {
        ...ordered(call, modelId, seq),
        forward_input: forwardInput(data, loss, capabilities.compact),
      };
      return readForward(call, data, loss, await caller.redeem({ call, body, signal }, forwardAnswer));
    },

    async forwardBackward(modelId, seq, p, signal) {
      return (await forwardBackward(modelId, seq, p, signal)).result;
    },

    async optimStep(modelId, seq, adam, signal) {
      return (await optimStep(modelId, seq, adam, signal)).result;
    },

    async submitStep(modelId, seq, { data, loss, adam }, signal) {
      const forward = await forwardBackward(modelId, seq, { data, loss }, signal);
      const step = await optimStep(modelId, seq + 1, adam, signal);
      return { forward: forward.result, step: step.result };
    },

    async snapshot(modelId, name, signal) {
      return (await submitSnapshot(modelId, name, signal)).result;
    },

    submitSnapshot,

    async saveWeights(modelId, seq, path, signal) {
      const call = "save_weights";
      const body: TrainingRequests[typeof call] = { ...ordered(call, modelId, seq), path };
      return (await caller.redeem({ call, body, signal }, pathAnswer)).path;
    },

    async unload(modelId) {
      const call = "unload_model";
      session(call);
      const body: TrainingRequests[typeof call] = { model_id: modelId };
      try {
        await caller.redeem({ call, body }, acknowledged);
      } catch (error) {
        if (!(error instanceof EngineRefused && error.status === 404)) throw error;
      }
    },
  };
}

/** A result that may fail before it is awaited: whoever awaits it is told. */
function quietly<T>(result: Promise<T>): Promise<T> {
  result.catch(() => undefined);
  return result;
}

function readForward(call: string, data: Datum[], loss: LossSpec, answer: ForwardAnswer): ForwardResult {
  const outputs = answer.loss_fn_outputs;
  if (outputs.length !== data.length) nonsense(call, `${outputs.length} outputs for ${data.length} datums`);
  const lengthOf = (i: number) => data[i]?.tokens.length ?? 0;
  const result: ForwardResult = {
    logprobs: outputs.map((output, i) => logprobList(call, `datum ${i}, logprobs`, output.logprobs, lengthOf(i))),
    metrics: answer.metrics,
  };
  if (!loss.config.token_stats) return result;
  const statistic = (name: "entropy" | "self_certainty" | "top_gap") =>
    outputs.map((output, i) => finiteList(call, `datum ${i}, ${name}`, output[name] ?? [], lengthOf(i)));
  return {
    ...result,
    entropy: statistic("entropy"),
    selfCertainty: statistic("self_certainty"),
    topGap: statistic("top_gap"),
  };
}

function adamParams(adam: AdamParams) {
  return {
    learning_rate: adam.learningRate,
    beta1: adam.beta1,
    beta2: adam.beta2,
    eps: adam.eps,
    weight_decay: adam.weightDecay,
    grad_clip_norm: adam.gradClipNorm,
  };
}
