// The agent–engine wire (docs/engine-api.md): requests as types, answers as schemas. Where our engine says more than
// the public dialects do, the field is optional; unknown fields are let through and ignored.

import * as z from "zod";

/**
 * A list of numbers, which may be a hundred thousand long: one hand loop instead of a zod check (and an issue object)
 * per element. null stands for a number that JSON cannot carry (NaN, ±Infinity); who needs finite numbers must look.
 */
export const numberList = z.custom<(number | null)[]>(isNumberList, { error: "expected a list of numbers" });

function isNumberList(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  for (const element of value) if (typeof element !== "number" && element !== null) return false;
  return true;
}

/** Plain list or {data, dtype, shape}; parsed to the plain list. */
export const tensorData = z.union([numberList, z.looseObject({ data: numberList }).transform((tensor) => tensor.data)]);

// ── Sampling, OpenAI dialect ────────────────────────────────────────────────────────────────────────────────────────

export interface CompletionsRequest {
  model: string;
  prompt: number[] | number[][];
  n: number;
  max_tokens: number;
  temperature: number;
  top_p: number;
  /** 0 = off. */
  top_k: number;
  seed?: number;
  /** Ours: [prompt][completion], overrides `seed`. */
  seeds?: number[][];
  stop_token_ids: number[];
  /** 0 = the chosen tokens only; absent = none. */
  logprobs?: number;
  return_token_ids: true;
}

export const completionsResponse = z.looseObject({
  choices: z.array(
    z.looseObject({
      index: z.int().nonnegative(),
      finish_reason: z.string().nullable(),
      token_ids: numberList,
      logprobs: z.looseObject({ token_logprobs: numberList }).nullish(),
    }),
  ),
});
export type CompletionsResponse = z.infer<typeof completionsResponse>;

export const modelList = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), max_model_len: z.int().nullish() })),
});

// ── Training, Tinker dialect ────────────────────────────────────────────────────────────────────────────────────────

export interface EncodedTextChunk {
  type: "encoded_text";
  tokens: number[];
}

export interface TensorData {
  data: number[];
  dtype: "int64" | "float32";
  shape: [number];
}

export interface WireDatum {
  model_input: { chunks: EncodedTextChunk[] };
  loss_fn_inputs: {
    target_tokens: TensorData;
    weights: TensorData;
    logprobs: TensorData;
    advantages: TensorData;
    ref_logprobs?: TensorData;
  };
}

/**
 * Ours (`compact`): the rows of a batch one after the other in base64, little-endian, int32 for ids and lengths, float32
 * elsewhere.
 */
export interface CompactData {
  lengths: string;
  tokens: string;
  target_tokens: string;
  weights: string;
  logprobs: string;
  advantages: string;
  ref_logprobs?: string;
}

export interface ForwardInput {
  data: WireDatum[] | CompactData;
  loss_fn: string;
  loss_fn_config: Record<string, number>;
}

export interface WireAdamParams {
  learning_rate: number;
  beta1: number;
  beta2: number;
  eps: number;
  weight_decay: number;
  grad_clip_norm: number;
}

/** `epoch` is ours and is sent only to an engine that advertises itself as ours. */
interface Ordered {
  model_id: string;
  seq_id: number;
  epoch?: number;
}

/** Body of each training call, by its name under /api/v1/. */
export interface TrainingRequests {
  create_session: { tags: string[]; sdk_version: string };
  session_heartbeat: { session_id: string };
  create_sampling_session: { session_id: string; sampling_session_seq_id: number; model_path: string };
  create_model: {
    session_id: string;
    model_seq_id: number;
    base_model: string;
    lora_config: { rank: number; seed: number };
  };
  forward: Ordered & { forward_input: ForwardInput };
  forward_backward: Ordered & { forward_backward_input: ForwardInput };
  optim_step: Ordered & { adam_params: WireAdamParams };
  save_weights_for_sampler: { model_id: string; path: string; epoch?: number };
  save_weights: Ordered & { path: string; overwrite?: boolean };
  load_weights: Ordered & { path: string; optimizer: boolean };
  unload_model: { model_id: string };
  asample: {
    sampling_session_id: string;
    seq_id: number;
    num_samples: number;
    prompt: { chunks: EncodedTextChunk[] };
    sampling_params: {
      max_tokens: number;
      temperature: number;
      top_p: number;
      top_k: number;
      seed: number;
      stop: number[];
    };
  };
  retrieve_future: { request_id: string };
}

export type TrainingCall = keyof TrainingRequests;

const lossName = z.string();

export const serverCapabilities = z.looseObject({
  supported_models: z
    .array(z.looseObject({ model_name: z.string().nullish(), max_context_length: z.int().nullish() }))
    .default([]),
  x: z
    .looseObject({
      engine: z.string(),
      version: z.string().optional(),
      instance: z.string(),
      device: z.string().optional(),
      dtype: z.string().optional(),
      deterministic: z.boolean().optional(),
      losses: z.array(lossName).optional(),
      lora: z.boolean().optional(),
      full: z.boolean().optional(),
      batch_prompts: z.boolean().optional(),
      seeds: z.boolean().optional(),
      reference: z.boolean().optional(),
      token_stats: z.boolean().optional(),
      compact: z.boolean().optional(),
      vocab_size: z.int().positive().nullish(),
      pad_token_id: z.int().nullish(),
      eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
    })
    .optional(),
});
export type ServerCapabilities = z.infer<typeof serverCapabilities>;

export const sessionCreated = z.looseObject({ session_id: z.string() });
export const samplingSessionCreated = z.looseObject({ sampling_session_id: z.string() });
export const futureAccepted = z.looseObject({ request_id: z.string() });
export const modelCreated = z.looseObject({ model_id: z.string() });
export const pathAnswer = z.looseObject({ path: z.string() });
export const acknowledged = z.looseObject({});

/** Values that are no finite number are left out: a metric is for people, and its absence is visible. */
export const metrics = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((given) => {
    const finite: Record<string, number> = {};
    for (const [name, value] of Object.entries(given ?? {})) {
      if (typeof value === "number" && Number.isFinite(value)) finite[name] = value;
    }
    return finite;
  });

export const forwardAnswer = z.looseObject({
  loss_fn_outputs: z.array(
    z.looseObject({
      logprobs: tensorData,
      entropy: tensorData.optional(),
      self_certainty: tensorData.optional(),
      top_gap: tensorData.optional(),
    }),
  ),
  metrics,
});
export type ForwardAnswer = z.infer<typeof forwardAnswer>;

export const optimAnswer = z.looseObject({ metrics });

export const sampleAnswer = z.looseObject({
  sequences: z.array(
    z.looseObject({ tokens: numberList, logprobs: numberList.nullish(), stop_reason: z.string().nullish() }),
  ),
});

/** What `retrieve_future` says with HTTP 200 or 408 while the job is not done. */
export const tryAgain = z.looseObject({ type: z.literal("try_again") });

/** What `retrieve_future` says with HTTP 200 when the job failed. */
export const jobFailed = z.looseObject({
  error: z.string(),
  category: z.string().nullish(),
  code: z.string().nullish(),
});

/** Error bodies as servers write them: ours, OpenAI's, FastAPI's `detail`, a bare string. */
export const errorBody = z.looseObject({
  error: z
    .union([
      z.string(),
      z.looseObject({
        message: z.string(),
        type: z.string().nullish(),
        param: z.string().nullish(),
        expected: z.int().nullish(),
      }),
    ])
    .optional(),
  message: z.string().optional(),
  detail: z.unknown().optional(),
  expected: z.int().nullish(),
});

// ── Ours ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const modelStateAnswer = z.looseObject({
  model_id: z.string(),
  epoch: z.int(),
  applied_seq: z.int().nonnegative(),
  durable_seq: z.int().nonnegative(),
  // A flag, or how many gradients are pending.
  pending_grads: z.union([z.boolean(), z.number()]).transform(Boolean),
});

/** Either how many there are, or their names. */
const countOrNames = z.union([z.int().nonnegative(), z.array(z.unknown()).transform((names) => names.length)]);

export const statusAnswer = z.looseObject({
  instance: z.string(),
  pid: z.int(),
  queue_length: z.int().nonnegative(),
  busy: z.boolean(),
  idle_s: z.number(),
  busy_s: z.number(),
  idle_before: z.record(z.string(), z.number()).optional(),
  models: countOrNames,
  snapshots: countOrNames,
});
