import * as z from "zod";
import { alarmContent } from "./alarms.ts";
import { asideContent } from "./reask.ts";
import { decisionContent, undecidedPolicy, waitingGate } from "./review.ts";

/**
 * The records of a run: everything it does is one of five verbs, and each call of a verb appends one kind of record
 * that names its parents. The journal is therefore a directed acyclic graph, and an inspector is a walk over it.
 */

/** 96 bits of SHA-256 over (call key, index), in hex. */
export const recordId = z.string().regex(/^[0-9a-f]{24}$/);

/** A place in the run's directory, or a whole path: no step of it leads back up. */
const placeOfRun = z.string().regex(/^(?!.*(^|\/)\.\.(\/|$))[^\\\0]*$/, "must not lead out of the run");
/** Folders are named by it. */
const role = z.string().regex(/^[\w-]{1,64}$/, "is no role");

/** Where a large payload lies: `length` bytes at `offset` of a pack file of the run. */
export const packRef = z.object({ pack: z.string(), offset: z.number().int(), length: z.number().int() });
export type PackRef = z.infer<typeof packRef>;

const part = z.union([z.number(), z.string(), z.boolean(), z.null()]);

/** Verb `source`: something to be answered. `question` is null for the Challenger's own prompt. */
export const taskRecord = z.object({
  type: z.literal("task"),
  id: recordId,
  call: z.string(),
  parents: z.array(recordId),
  domain: z.string(),
  question: z.string().nullable(),
  /** Where the truth comes from; `answer` is null until a label exists. */
  truth: z.object({ source: z.enum(["none", "majority", "sample", "key", "review"]), answer: z.string().nullable() }),
  /** Domain-specific difficulty (for sorting: the number of digits); null where it is undefined. */
  difficulty: z.number().nullable(),
  proposedBy: recordId.nullable(),
});

/** Verb `rollout`: one completion of one task by one checkpoint. Ids, logprobs and text lie in a pack. */
export const trajectoryRecord = z.object({
  type: z.literal("trajectory"),
  id: recordId,
  call: z.string(),
  parents: z.array(recordId),
  role,
  checkpoint: recordId,
  /** Which of the task's completions this is, from 0. */
  rollout: z.number().int(),
  seed: z.number().int(),
  stop: z.enum(["stop", "length"]),
  promptTokens: z.number().int(),
  completionTokens: z.number().int(),
  /** What the parser made of it: a question (Challenger) or an answer (Solver). */
  product: z.object({
    valid: z.boolean(),
    question: z.string().nullable(),
    answer: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  data: packRef,
});

/** Verb `score`: the value of one trajectory or task (its parent), computed over a whole batch. */
export const scoreRecord = z.object({
  type: z.literal("score"),
  id: recordId,
  call: z.string(),
  parents: z.array(recordId),
  value: z.number(),
  parts: z.record(z.string(), part),
  scorer: z.object({ name: z.string(), version: z.number().int() }),
  /** Checkpoints whose samples or weights the score rests on. */
  consulted: z.array(recordId),
  /** Per-token values of the score, where it has any (log-probabilities of a trainer or reference). */
  data: packRef.optional(),
});

/** Verb `select`: a group of trajectories of one task with their advantages. Parents: the task, then the members. */
export const exampleRecord = z.object({
  type: z.literal("example"),
  id: recordId,
  call: z.string(),
  parents: z.array(recordId),
  form: z.literal("group"),
  members: z.array(recordId),
  rewards: z.array(z.number()),
  advantages: z.array(z.number()),
  label: z.string().nullable(),
});

/** Verb `learn`: one optimiser step. Parents: the checkpoint it started from, then the examples. */
export const checkpointRecord = z.object({
  type: z.literal("checkpoint"),
  id: recordId,
  call: z.string(),
  parents: z.array(recordId),
  role,
  /**
   * `base`: the model the run started from; `fork`: a copy of its parent, which is a checkpoint of another run (run.yaml
   * says which); `save`: the weights of its parent, made durable.
   */
  method: z.enum(["base", "fork", "grpo", "save"]),
  /** Optimiser steps taken in this stage, from 1; 0 for a base. */
  step: z.number().int(),
  metrics: z.record(z.string(), z.number()),
  /** SHA-256 of the batch as it was sent; null for a base. */
  batch: z.string().nullable(),
  /** True when the weights and optimiser state of this checkpoint lie under `path`. */
  durable: z.boolean(),
  /** Directory, relative to the run directory (absolute for a base); null when not durable. */
  path: placeOfRun.nullable(),
  /** SHA-256 of the saved weights file; null when not durable. */
  weights: z.string().nullable(),
});

export type TaskRecord = z.infer<typeof taskRecord>;
export type TrajectoryRecord = z.infer<typeof trajectoryRecord>;
export type ScoreRecord = z.infer<typeof scoreRecord>;
export type ExampleRecord = z.infer<typeof exampleRecord>;
export type CheckpointRecord = z.infer<typeof checkpointRecord>;

/** Numbers of one step or stage, for charts and tables; `key` is the scope it belongs to. */
export const metricRecord = z.object({
  type: z.literal("metric"),
  id: recordId,
  call: z.string(),
  parents: z.array(recordId),
  name: z.string(),
  iteration: z.number().int(),
  stage: z.string(),
  step: z.number().int().nullable(),
  values: z.record(z.string(), z.union([z.number(), z.null(), z.array(z.number())])),
});
export type MetricRecord = z.infer<typeof metricRecord>;

/**
 * Answer of a review gate: the decisions up to journal position `decisionsUpTo` are in force. `releasedBy: "policy"` with 0: nobody
 * was asked, and no decision counts.
 */
export const gateRecord = z.object({
  type: z.literal("gate"),
  id: recordId,
  call: z.string(),
  parents: z.array(recordId),
  stage: z.string(),
  releasedBy: z.string(),
  decisionsUpTo: z.number().int(),
  /** What becomes of questions without a verdict; absent where nobody was asked. */
  undecided: undecidedPolicy.optional(),
});
export type GateRecord = z.infer<typeof gateRecord>;

export const dataRecord = z.discriminatedUnion("type", [
  taskRecord,
  trajectoryRecord,
  scoreRecord,
  exampleRecord,
  checkpointRecord,
  metricRecord,
  gateRecord,
]);
export type DataRecord = z.infer<typeof dataRecord>;

/** Closes a verb call: its records are the `count` records before it. Written in the same durable append as they are. */
export const callRecord = z.object({
  type: z.literal("call"),
  key: z.string(),
  verb: z.string(),
  /** Semantic parameters, each as short JSON or as a hash; compared on replay. */
  params: z.record(z.string(), z.string()),
  count: z.number().int(),
  ms: z.number(),
});
export type CallRecord = z.infer<typeof callRecord>;

export const runState = z.enum([
  "created",
  "preparing",
  "running",
  "paused",
  "completed",
  "failed",
  "stopped",
  "interrupted",
]);
export type RunState = z.infer<typeof runState>;

/** A transition of the run's state. `interrupted` is derived, never written. */
export const stateRecord = z.object({
  type: z.literal("state"),
  state: runState,
  reason: z.string().nullable(),
  remedy: z.string().nullable(),
  /** The review gate that is waited at. */
  waiting: waitingGate.optional(),
});

/** A stage of the recipe begins (each time live work in it begins) or has ended. */
export const stageRecord = z.object({
  type: z.literal("stage"),
  phase: z.enum(["begin", "end"]),
  key: z.string(),
  iteration: z.number().int(),
  stage: z.string(),
  /** Work units (steps, chunks) in this stage, for progress. */
  units: z.number().int(),
  /** Wall seconds of live work since `begin`; null at the beginning. */
  seconds: z.number().nullable(),
  /** Seconds in which the engine was working during that time, as the engine measured it. */
  engineSeconds: z.number().nullable(),
});

/** Written before an engine call that changes a model: a restarted agent sends it again under the same number. */
export const intentRecord = z.object({
  type: z.literal("intent"),
  call: z.string(),
  instance: z.string(),
  model: z.string(),
  /** Calls the engine had applied to this model before. */
  applied: z.number().int(),
  /** How the engine is given the GRPO loss: by name, or as exact gradients that ride on `cross_entropy`. */
  loss: z.enum(["grpo_kl", "exact_gradients"]).optional(),
});

/** The model slot of an engine that trains `line` holds this checkpoint after `applied` calls. */
export const modelRecord = z.object({
  type: z.literal("model"),
  instance: z.string(),
  model: z.string(),
  line: z.string(),
  applied: z.number().int(),
  checkpoint: recordId,
});

/**
 * Weights and optimiser state of a checkpoint that was not durable, saved because the run's owner ended or let the engine
 * go: nothing of it has to be built again.
 */
export const keptRecord = z.object({
  type: z.literal("kept"),
  checkpoint: recordId,
  /** Directory, relative to the run directory. */
  path: placeOfRun,
});

/** Something a person should know of: a warning, a restart, a recovery. */
export const noticeRecord = z.object({
  type: z.literal("notice"),
  level: z.enum(["info", "warning", "error"]),
  code: z.string(),
  message: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
});

export type NoticeRecord = z.infer<typeof noticeRecord>;

/** A person's command with its client-given id: a repeat returns the first result. */
export const commandRecord = z.object({
  type: z.literal("command"),
  id: z.string(),
  command: z.enum(["pause", "resume", "stop", "extend"]),
  by: z.string(),
});

/** What a person decided on a question: all that counts for it from here on. An input of the recipe, frozen by a gate's record. */
export const decisionRecord = decisionContent.extend({
  type: z.literal("decision"),
  id: recordId,
  /** The client's id of the command that brought it: a repeat adds nothing. */
  command: z.string(),
  /** The task that first posed the question. */
  task: recordId,
  /** The decision that this one takes back. */
  undoes: recordId.nullable(),
  by: z.string(),
});
export type DecisionRecord = z.infer<typeof decisionRecord>;

/** Answers that a person asked for outside of the recipe: nothing rests on them, and no metric counts them. */
export const asideRecord = asideContent.extend({
  type: z.literal("aside"),
  command: z.string(),
  by: z.string(),
});
export type AsideRecord = z.infer<typeof asideRecord>;

/** An alarm is raised, or is over: what `alarms` in run.yaml asks to look for. Written by the run's owner beside the recipe's records. */
export const alarmRecord = alarmContent.extend({ type: z.literal("alarm"), phase: z.enum(["raised", "over"]) });
export type AlarmRecord = z.infer<typeof alarmRecord>;

/** A person switched review gates on or off, in place of what run.yaml says. */
export const gatingRecord = z.object({
  type: z.literal("gating"),
  command: z.string(),
  on: z.boolean(),
  by: z.string(),
});

/** A person released a gate that is waited at: the decisions before this record count there. */
export const releaseRecord = z.object({
  type: z.literal("release"),
  command: z.string(),
  /** Key of the gate's call. */
  gate: z.string(),
  undecided: undecidedPolicy,
  by: z.string(),
});

/** The process that owns the run from here on. */
export const ownerRecord = z.object({
  type: z.literal("owner"),
  pid: z.number().int(),
  agent: z.string(),
  engine: z.string().nullable(),
});

/** What the run cost, written when its owner ends orderly; sums need the records of all owners. */
export const usageRecord = z.object({
  type: z.literal("usage"),
  agentCpuSeconds: z.number(),
  engineCpuSeconds: z.number().nullable(),
  wallSeconds: z.number(),
  /** Seconds with the engine's queue empty since its first call, measured by the engine. */
  engineIdleSeconds: z.number().nullable(),
  engineBusySeconds: z.number().nullable(),
  /** The idle seconds by the engine call that ended each gap; null where the engine does not tell. */
  engineIdleBefore: z.record(z.string(), z.number()).nullish(),
});
export type UsageRecord = z.infer<typeof usageRecord>;

/** Retention took something away; written before a checkpoint goes, and after the payload of a stage has been trimmed. */
export const removedRecord = z.object({
  type: z.literal("removed"),
  /** A checkpoint's folder, only its optimiser state, or token ids and log-probabilities of a stage. */
  what: z.enum(["checkpoint", "optimizer", "payload"]),
  /** Ids of checkpoints, or the keys of stages. */
  ids: z.array(z.string()),
  /** Size of what was removed. */
  bytes: z.number(),
  /** The setting that asked for it, for example `checkpoints.keep.stageEnds: 2`. */
  rule: z.string(),
});
export type RemovedRecord = z.infer<typeof removedRecord>;

export const controlRecord = z.discriminatedUnion("type", [
  callRecord,
  stateRecord,
  stageRecord,
  intentRecord,
  modelRecord,
  keptRecord,
  noticeRecord,
  commandRecord,
  decisionRecord,
  gatingRecord,
  releaseRecord,
  asideRecord,
  alarmRecord,
  ownerRecord,
  usageRecord,
  removedRecord,
]);
export type ControlRecord = z.infer<typeof controlRecord>;

export type RunRecord = DataRecord | ControlRecord;

/** What the journal adds to every record. `t` is milliseconds since the epoch. */
export interface Envelope {
  v: 1;
  seq: number;
  epoch: number;
  t: number;
}
export type Stored<R> = R & Envelope;

export const storedRecord = z
  .union([dataRecord, controlRecord])
  .and(z.object({ v: z.literal(1), seq: z.number().int(), epoch: z.number().int(), t: z.number() }));
