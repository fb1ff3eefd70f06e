// What the agent needs of an engine, whichever dialect or server answers: the door of this folder.
// Sequence numbers are the caller's (they are journaled with the call), so a call that is sent again after a crash is
// the same call to the engine.

/** `topP` 1 and `topK` 0 are off; temperature 0 is greedy. A completion ends with the first of `stopTokenIds`. */
export interface SamplingParams {
  maxTokens: number;
  temperature: number;
  topP: number;
  topK: number;
  stopTokenIds: number[];
}

/** `seeds[prompt][completion]` are 48-bit integers; every row has the same length, the number of completions. */
export interface SampleRequest {
  snapshot: string;
  prompts: number[][];
  seeds: number[][];
  params: SamplingParams;
  logprobs: boolean;
}

/**
 * `tokens` include the stop token that ended the completion. `logprobs` are as long as `tokens` (empty when they were
 * not asked for) and belong to the processed distribution that was sampled; of greedy completions, to temperature 1.
 */
export interface Completion {
  tokens: number[];
  logprobs: number[];
  stop: "stop" | "length";
}

/** Already shifted: tokens = all[:-1], targets = all[1:]; every array has that length; prompt positions are 0. */
export interface Datum {
  tokens: number[];
  targets: number[];
  weights: number[];
  logprobs: number[];
  advantages: number[];
  refLogprobs?: number[];
}

export type LossName = "cross_entropy" | "importance_sampling" | "ppo" | "grpo_kl";

/** `config` goes to the engine as it is, with the names of docs/engine-api.md (`clip_low`, `kl_coef`, `temperature` …). */
export interface LossSpec {
  name: LossName;
  config: Record<string, number>;
}

/** `gradClipNorm` 0 switches clipping off. */
export interface AdamParams {
  learningRate: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  gradClipNorm: number;
}

/** `appliedSeq` is the last sequence number the engine has carried out, `durableSeq` the last one that a save covers. */
export interface ModelState {
  epoch: number;
  appliedSeq: number;
  durableSeq: number;
  pendingGrads: boolean;
}

/** Token statistics are there only when they were asked for with `loss.config.token_stats = 1` (see `tokenStats`). */
export interface ForwardResult {
  /** [datum][position], log p(target). */
  logprobs: number[][];
  metrics: Record<string, number>;
  entropy?: number[][];
  /** KL(U‖p). */
  selfCertainty?: number[][];
  /** Probability of the best token minus that of the second. */
  topGap?: number[][];
}

/** A step whose gradient norm was not finite is skipped: nothing changed, and `gradNorm` is null. */
export interface OptimResult {
  gradNorm: number | null;
  skipped: boolean;
  metrics: Record<string, number>;
}

/** A call that the engine has taken. A result that nobody awaits may reject without harm. */
export interface Submitted<T> {
  result: Promise<T>;
}

/** An optimiser step that the engine has taken; both may reject. */
export interface SubmittedStep {
  forward: Promise<ForwardResult>;
  step: Promise<OptimResult>;
}

/**
 * `idleS`: seconds in which the queue was empty since the first call, divided in `idleBefore` among the calls that ended
 * each gap; `busyS`: seconds in which a job ran.
 */
export interface EngineStatus {
  instance: string;
  pid: number;
  queueLength: number;
  busy: boolean;
  idleS: number;
  busyS: number;
  idleBefore: Record<string, number>;
  models: number;
  snapshots: number;
}

/** What the probe found at connect. Where a server does not say, a number is null and an extension is false. */
export interface Capabilities {
  /** "rzero" for the built-in engine, else null: only then epochs, states and snapshot deletion exist. */
  engine: string | null;
  version: string | null;
  /** A random id per process start: tells a restarted engine from the same one. */
  instance: string | null;
  device: string | null;
  dtype: string | null;
  models: string[];
  contextLength: number | null;
  losses: LossName[];
  lora: boolean;
  full: boolean;
  reference: boolean;
  tokenStats: boolean;
  /** Batches may be sent as whole arrays instead of lists of numbers. */
  compact: boolean;
  /** One completions request may carry many prompts, and a seed for each completion. */
  batchPrompts: boolean;
  seeds: boolean;
  /** OpenAI completions are there; otherwise `asample` is used. */
  completions: boolean;
  vocabSize: number | null;
  padTokenId: number | null;
  eosTokenId: number | null;
  deterministic: boolean;
}

/**
 * Every call throws the typed errors of errors.ts; aborting the signal rejects with the signal's reason.
 */
export interface Engine {
  readonly capabilities: Capabilities;
  /** [prompt][completion]. */
  sample(request: SampleRequest, signal?: AbortSignal): Promise<Completion[][]>;
  /** Rank 0 trains all parameters. Answers with the model id. */
  createModel(p: { rank: number; seed: number }, signal?: AbortSignal): Promise<string>;
  /** Only as a model's first call (seq 1). */
  loadWeights(
    modelId: string,
    seq: number,
    p: { path: string; optimizer: boolean },
    signal?: AbortSignal,
  ): Promise<void>;
  forward(
    modelId: string,
    seq: number,
    p: { data: Datum[]; loss: LossSpec },
    signal?: AbortSignal,
  ): Promise<ForwardResult>;
  /** Gradients accumulate until `optimStep`. */
  forwardBackward(
    modelId: string,
    seq: number,
    p: { data: Datum[]; loss: LossSpec },
    signal?: AbortSignal,
  ): Promise<ForwardResult>;
  optimStep(modelId: string, seq: number, adam: AdamParams, signal?: AbortSignal): Promise<OptimResult>;
  /**
   * `forwardBackward` under `seq` and `optimStep` under `seq + 1`, the second sent as soon as the engine has taken the first.
   * Resolves when it has taken both: the next calls in order may follow while the results are still to come.
   */
  submitStep(
    modelId: string,
    seq: number,
    p: { data: Datum[]; loss: LossSpec; adam: AdamParams },
    signal?: AbortSignal,
  ): Promise<SubmittedStep>;
  /** Freezes the weights as they are now; the answer is what `sample` takes as `snapshot`. Takes no sequence number. */
  snapshot(modelId: string, name: string, signal?: AbortSignal): Promise<string>;
  /** `snapshot`, resolving when the engine has taken the call. */
  submitSnapshot(modelId: string, name: string, signal?: AbortSignal): Promise<Submitted<string>>;
  /** A durable state with optimiser; answers with its path or `tinker://` address. */
  saveWeights(modelId: string, seq: number, path: string, signal?: AbortSignal): Promise<string>;
  /** A model that the engine does not know counts as unloaded. */
  unload(modelId: string): Promise<void>;
  deleteSnapshots(names: string[]): Promise<void>;
  /** null: the engine does not know the model (or keeps no such state). */
  state(modelId: string): Promise<ModelState | null>;
  status(): Promise<EngineStatus>;
  /** Sent with every later state-changing call; the engine refuses lower ones (`EngineFenced`). */
  setEpoch(epoch: number): void;
  /** Stops the heartbeats. The session and its models stay. */
  close(): Promise<void>;
}
