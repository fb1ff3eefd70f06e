// The training dialect: our names to the wire's, and back with every number looked at.

import {
  acknowledged,
  type ForwardAnswer,
  forwardAnswer,
  modelCreated,
  optimAnswer,
  pathAnswer,
  type TensorData,
  type TrainingRequests,
  type WireDatum,
} from "../protocol/wire.ts";
import type { Caller } from "./caller.ts";
import { finiteList, logprobList, nonsense } from "./checkAnswer.ts";
import { checkAdam, checkBatch, checkSeq } from "./checkRequest.ts";
import type { AdamParams, Capabilities, Datum, Engine, ForwardResult, LossSpec } from "./engine.ts";
import { EngineRefused, EngineUnsupported } from "./errors.ts";

export type Training = Pick<
  Engine,
  "createModel" | "loadWeights" | "forward" | "forwardBackward" | "optimStep" | "snapshot" | "saveWeights" | "unload"
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
        forward_input: forwardInput(data, loss),
      };
      return readForward(call, data, loss, await caller.redeem({ call, body, signal }, forwardAnswer));
    },

    async forwardBackward(modelId, seq, { data, loss }, signal) {
      const call = "forward_backward";
      checkBatch(call, data, loss, capabilities);
      const body: TrainingRequests[typeof call] = {
        ...ordered(call, modelId, seq),
        forward_backward_input: forwardInput(data, loss),
      };
      return readForward(call, data, loss, await caller.redeem({ call, body, signal }, forwardAnswer));
    },

    async optimStep(modelId, seq, adam, signal) {
      const call = "optim_step";
      checkAdam(adam);
      const body: TrainingRequests[typeof call] = { ...ordered(call, modelId, seq), adam_params: adamParams(adam) };
      const { metrics } = await caller.redeem({ call, body, signal }, optimAnswer);
      return { gradNorm: metrics.grad_norm ?? null, skipped: (metrics.skipped ?? 0) > 0, metrics };
    },

    async snapshot(modelId, name, signal) {
      const call = "save_weights_for_sampler";
      session(call);
      const body: TrainingRequests[typeof call] = { model_id: modelId, path: name, ...fence() };
      return (await caller.redeem({ call, body, signal }, pathAnswer)).path;
    },

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

function forwardInput(data: Datum[], loss: LossSpec) {
  return { data: data.map(wireDatum), loss_fn: loss.name, loss_fn_config: loss.config };
}

// weights, logprobs and advantages always go along: some servers demand them whatever the loss.
function wireDatum(datum: Datum): WireDatum {
  return {
    model_input: { chunks: [{ type: "encoded_text", tokens: datum.tokens }] },
    loss_fn_inputs: {
      target_tokens: tensor(datum.targets, "int64"),
      weights: tensor(datum.weights, "float32"),
      logprobs: tensor(datum.logprobs, "float32"),
      advantages: tensor(datum.advantages, "float32"),
      ...(datum.refLogprobs ? { ref_logprobs: tensor(datum.refLogprobs, "float32") } : {}),
    },
  };
}

function tensor(data: number[], dtype: TensorData["dtype"]): TensorData {
  return { data, dtype, shape: [data.length] };
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
