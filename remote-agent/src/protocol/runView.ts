import * as z from "zod";
import { alarmView } from "./alarms.ts";
import { runState } from "./records.ts";
import { reviewView } from "./review.ts";

/**
 * What a client shows of a run: a pure fold over its durable records (runFold.ts). The agent sends one as a snapshot, and the
 * client goes on folding the records that follow.
 */
export const stageView = z.object({
  key: z.string(),
  iteration: z.number().int(),
  stage: z.string(),
  units: z.number().int(),
  /** Steps of the stage that are done. */
  done: z.number().int(),
  status: z.enum(["running", "done"]),
  seconds: z.number().nullable(),
  engineSeconds: z.number().nullable(),
  startedAt: z.number(),
  /** Milliseconds in which nothing had worked on the run when the stage began. */
  idleMsAtBegin: z.number().default(0),
  /** Completions sampled, and optimiser steps taken, since the last step that is done. */
  sampled: z.number().int().default(0),
  learned: z.number().int().default(0),
});
export type StageView = z.infer<typeof stageView>;

/** Weights that lie in the run's directory. */
export const checkpointView = z.object({
  id: z.string(),
  role: z.string(),
  /** Key of the stage that made it; null for those the run began with. */
  stage: z.string().nullable(),
  /** Optimiser steps taken in the stage. */
  step: z.number().int(),
  /** Relative to the run's directory; absolute for a base model. */
  path: z.string(),
});
export type CheckpointView = z.infer<typeof checkpointView>;

const metricValues = z.record(z.string(), z.union([z.number(), z.null(), z.array(z.number())]));

export const runView = z.object({
  seq: z.number().int(),
  state: runState,
  reason: z.string().nullable(),
  remedy: z.string().nullable(),
  startedAt: z.number().nullable(),
  updatedAt: z.number().nullable(),
  stages: z.array(stageView),
  /** Milliseconds in which nothing worked on the run: pauses, and gaps between its owners. `since`: nothing does now. */
  idle: z.object({ ms: z.number(), since: z.number().nullable() }).default({ ms: 0, since: null }),
  /** Those that are there, oldest first; of very many the newest. */
  checkpoints: z.array(checkpointView).default([]),
  /** Newest values of each metric of each iteration, under `iteration/name`. */
  metrics: z.record(z.string(), metricValues),
  counts: z.object({
    calls: z.number().int(),
    tasks: z.number().int(),
    trajectories: z.number().int(),
    completionTokens: z.number().int(),
    checkpoints: z.number().int(),
  }),
  /** What retention has removed. */
  removed: z
    .object({
      checkpoints: z.number(),
      optimizers: z.number(),
      /** Stages whose token ids and log-probabilities went. */
      payloads: z.number(),
      bytes: z.number(),
    })
    .default({ checkpoints: 0, optimizers: 0, payloads: 0, bytes: 0 }),
  review: reviewView.default({ gate: null, waiting: null }),
  notices: z.array(
    z.object({ t: z.number(), level: z.enum(["info", "warning", "error"]), code: z.string(), message: z.string() }),
  ),
  /** In the order they were raised; of very many those that hold, and the newest others. */
  alarms: z.array(alarmView).default([]),
  usage: z.object({
    agentCpuSeconds: z.number(),
    engineCpuSeconds: z.number(),
    wallSeconds: z.number(),
    engineIdleSeconds: z.number(),
    engineBusySeconds: z.number(),
  }),
});
export type RunView = z.infer<typeof runView>;
