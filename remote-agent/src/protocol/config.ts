import * as z from "zod";
import { alarmsConfig } from "./alarms.ts";
import { withPresetDefaults } from "./presetDefaults.ts";
import { presetNames } from "./presets.ts";

/**
 * run.yaml: what a run is. Every field has a default except `model` and `domain`: the number of its preset
 * (protocol/presets.ts), or for what no preset speaks of, the one here. Unknown keys are errors.
 * Fields marked (semantic) are compared on resume; the others (engine placement, batching limits, metrics) may change.
 */

const positive = z.number().int().positive();

export const samplingConfig = z.strictObject({
  temperature: z.number().min(0).max(10).describe("Softmax temperature; 0 is greedy."),
  topP: z.number().gt(0).max(1).describe("Nucleus sampling: smallest set of tokens with this probability."),
  topK: z.number().int().min(0).describe("Only the k most likely tokens; 0 is off."),
  maxTokens: positive.describe("Completion tokens at most, the end-of-text token included."),
});

export const optimizerConfig = z.strictObject({
  learningRate: z.number().positive().max(1),
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  eps: z.number().positive(),
  weightDecay: z.number().min(0),
  gradClip: z.number().min(0).describe("Largest norm of the gradient; 0 is off."),
});

export const grpoConfig = z.strictObject({
  clipLow: z.number().gt(0).max(1).describe("Lower bound of the clipped probability ratio."),
  clipHigh: z.number().min(1).describe("Upper bound of the clipped probability ratio."),
  dualClip: z.number().min(1).describe("For negative advantages the token loss is capped at this times |A|."),
  kl: z.number().min(0).describe("Weight of the KL term against the stage's starting weights; 0 is off."),
  oldLogprobs: z
    .enum(["trainer", "sampler"])
    .default("trainer")
    .describe("Where logp_old comes from: recomputed by the trainer, or as the sampler reported it."),
});

export const policyConfig = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("full") }),
  z.strictObject({ kind: z.literal("lora"), rank: positive.max(1024).default(32) }),
]);

/** What training a role takes, of either. */
const training = {
  miniBatches: positive.describe("Optimiser steps a training step."),
  microBatch: positive
    .nullable()
    .describe(
      "Completions whose tokens' losses are averaged before the mean over such micro-batches; null: one mean over all tokens of the mini-batch.",
    ),
  equalGroups: z
    .enum(["skip", "train"])
    .describe(
      "Groups with equal rewards have no advantage: `skip` leaves them out, `train` keeps their KL term and counts their tokens in the mean.",
    ),
  sampling: samplingConfig,
  optimizer: optimizerConfig,
  grpo: grpoConfig,
};

export const challengerConfig = z.strictObject({
  steps: z.number().int().min(0).describe("Training steps an iteration; 0 leaves the Challenger untrained."),
  slots: positive.describe("Prompt slots a step; each is one GRPO group."),
  rollouts: z.number().int().min(2).describe("Questions sampled a slot."),
  answers: positive.max(1000).describe("Solver answers a valid question, m."),
  ...training,
});

export const curriculumConfig = z.strictObject({
  questions: positive.describe("Questions sampled from the trained Challenger, N."),
  answers: positive.max(1000).describe("Solver answers a valid question, m."),
  label: z
    .enum(["majority", "sample", "truth"])
    .default("majority")
    .describe("Pseudo-label: the majority answer; `sample` (one random answer) and `truth` are controls."),
  earlyStop: z
    .boolean()
    .default(true)
    .describe(
      "Draw a question's last two answers only where they could still change its label or whether it is kept (never with `label: sample`).",
    ),
  sampling: samplingConfig,
});

export const solverConfig = z.strictObject({
  steps: z.number().int().min(0),
  prompts: positive.describe("Questions a step; each is one GRPO group."),
  rollouts: z.number().int().min(2).describe("Answers sampled a question."),
  ...training,
  answerSampling: samplingConfig.describe("How the frozen Solver answers while questions are scored and labelled."),
});

export const auditConfig = z.strictObject({
  perDifficulty: positive
    .max(10)
    .default(10)
    .describe("Held-out questions a difficulty; 10 are held out from all training."),
  samples: positive
    .default(8)
    .describe("Sampled answers that vote on a held-out question: the k of mean@k and majority@k."),
  draws: positive
    .default(4)
    .describe("Independent votes a held-out question, averaged: the audit's own noise falls with it."),
});

export const engineConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe("An engine that is already running; null starts the built-in one."),
  device: z.enum(["auto", "cpu", "cuda"]).default("auto"),
  threads: positive.max(256).default(1).describe("CPU threads of the built-in engine."),
  deterministic: z.boolean().default(true).describe("Never fuse requests: the same run again gives the same bits."),
  callTimeout: positive.default(600).describe("Seconds after which an engine call counts as hung."),
  restarts: z
    .number()
    .int()
    .min(0)
    .default(3)
    .describe("Engine restarts without progress in between before the run pauses."),
});

export const checkpointConfig = z.strictObject({
  durableEvery: positive.default(10).describe("Save weights and optimiser every so many optimiser steps."),
  keep: z
    .strictObject({
      last: positive.default(2).describe("Saves of a stage under way that are kept; its end replaces them."),
      stageEnds: z
        .union([z.literal("all"), positive])
        .default("all")
        .describe("Stage ends of each role that are kept: all, or the newest so many."),
      optimizer: z
        .enum(["last", "all", "none"])
        .default("last")
        .describe(
          "Which checkpoints keep their optimiser state: each role's newest, all, or none. The newest save of a stage under way always does.",
        ),
    })
    .prefault({}),
});

export const payloadConfig = z.strictObject({
  keep: z
    .enum(["all", "text", "trained"])
    .default("all")
    .describe(
      "Token ids and log-probabilities of ended stages: all stay, none (texts always stay), or those of completions that were trained on.",
    ),
});

export const reviewConfig = z.strictObject({
  gate: z
    .boolean()
    .default(false)
    .describe(
      "Wait before the Solver of each iteration trains until a reviewer has released the curriculum; `rzero review` and the editor do.",
    ),
});

export const metricsConfig = z.strictObject({
  tensorboard: z
    .boolean()
    .default(false)
    .describe("Write TensorBoard event files to `tensorboard/` in the run's directory while it runs."),
  wandb: z
    .strictObject({
      project: z.string().min(1).max(128),
      entity: z.string().min(1).max(128).nullable().default(null),
      mode: z.enum(["online", "offline"]).default("online"),
    })
    .nullable()
    .default(null)
    .describe("Send metrics to Weights & Biases; the key comes from WANDB_API_KEY in the environment only."),
});
export type MetricsConfig = z.infer<typeof metricsConfig>;

export const gradingConfig = z.strictObject({
  symbolic: z
    .enum(["auto", "off"])
    .default("auto")
    .describe(
      "Answers that exact arithmetic cannot compare: `auto` asks math-verify in sandboxed workers where the sandbox holds, `off` counts them as not equal.",
    ),
  workers: positive
    .max(64)
    .nullable()
    .default(null)
    .describe("Grading processes at once; null is half the CPU cores, at most 8."),
  seconds: positive.max(60).default(2).describe("CPU seconds after which a pair of answers counts as not equal."),
});

/** The settings by themselves, after the preset's numbers have been filled in. */
export const runSettings = z.strictObject({
  recipe: z.literal("r-zero").default("r-zero"),
  name: z.string().min(1).max(80).default("r-zero"),
  preset: z
    .enum(presetNames)
    .default("strict")
    .describe("Rules for parsing, voting, rewards and the kept band, and the numbers that are not set here."),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  domain: z
    .string()
    .meta({ description: "What is asked and how it is graded, for example `sort`.", examples: ["sort", "math"] }),
  prompt: z
    .enum(["plain", "examples"])
    .default("plain")
    .describe("`examples` shows the format by a few worked turns, for models too small to follow a description."),
  model: z.string().meta({
    description:
      "A Hugging Face model folder, a name of the hub that is in this machine's cache, or a model that is made here: `demo`, `smollm2-135m-instruct-q4`.",
    examples: ["demo", "smollm2-135m-instruct-q4"],
  }),
  policy: policyConfig.prefault({ kind: "full" }),
  iterations: positive.max(1000),
  challenger: challengerConfig,
  curriculum: curriculumConfig,
  solver: solverConfig,
  audit: auditConfig.prefault({}),
  review: reviewConfig.prefault({}),
  grading: gradingConfig.prefault({}),
  engine: engineConfig.prefault({}),
  checkpoints: checkpointConfig.prefault({}),
  payload: payloadConfig.prefault({}),
  metrics: metricsConfig.prefault({}),
  alarms: alarmsConfig.prefault({}),
  /** Completions in one sampling request. (semantic: numerics depend on the shape of a batch) */
  chunk: positive.default(640).describe("Completions in one sampling request."),
});

export const runConfig = z.preprocess(withPresetDefaults, runSettings);
export type RunConfig = z.infer<typeof runConfig>;
export type ChallengerConfig = z.infer<typeof challengerConfig>;
export type SolverConfig = z.infer<typeof solverConfig>;
export type SamplingConfig = z.infer<typeof samplingConfig>;
export type OptimizerConfig = z.infer<typeof optimizerConfig>;
export type GrpoConfig = z.infer<typeof grpoConfig>;

/** Where a fork begins: at the end of a stage of another run, with copies of the weights both roles had there. */
export const forkOrigin = z.strictObject({
  run: z.string(),
  /** 0: the base model. */
  iteration: z.number().int().min(0),
  /** The stage after which the fork begins. */
  stage: z.enum(["challenger", "solver"]),
  /** By role; null where the role still was the base model. */
  checkpoints: z.record(
    z.string(),
    z
      .strictObject({
        /** The run that trained it: the parent, or one the parent was forked from. */
        run: z.string(),
        /** Its record in that run. */
        checkpoint: z.string(),
        /** The copy, relative to the fork's directory. */
        path: z.string(),
        /** SHA-256 of the weights file. */
        weights: z.string(),
      })
      .nullable(),
  ),
});
export type ForkOrigin = z.infer<typeof forkOrigin>;

/** A run's id is the name of its folder, on every host that it is brought to. */
export const runId = z.string().regex(/^[A-Za-z0-9][\w.-]{0,127}$/, "is no id of a run");

/** run.yaml as it lies in a run directory: resolved, with the identity of what runs. Immutable. */
export const resolvedRun = z.strictObject({
  id: runId,
  createdAt: z.string(),
  config: runConfig,
  /** Absolute path of the base model folder. */
  modelDir: z.string(),
  /** SHA-256 of the agent bundle, the engine package and the base model's manifest. */
  identity: z.strictObject({ agent: z.string(), engine: z.string(), model: z.string() }),
  from: forkOrigin.optional(),
});
export type ResolvedRun = z.infer<typeof resolvedRun>;

/** run.patch.yaml: settings that were changed after the run was created, in order. Loop bounds and retention only. */
export const runPatches = z.array(
  z.strictObject({
    /** Id of the command that made the change: a repeat changes nothing. */
    command: z.string(),
    at: z.string(),
    by: z.string(),
    /** By the setting's path, for example `iterations`. */
    set: z.record(z.string(), z.unknown()),
  }),
);
export type RunPatch = z.infer<typeof runPatches>[number];
