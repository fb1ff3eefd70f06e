import * as z from "zod";
import { type RunRecord, runState, type Stored } from "./records.ts";
import { reviewView } from "./review.ts";

/**
 * What a client shows of a run: a pure fold over its durable records. The agent sends one as a snapshot, and the client
 * goes on folding the records that follow.
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
  usage: z.object({
    agentCpuSeconds: z.number(),
    engineCpuSeconds: z.number(),
    wallSeconds: z.number(),
    engineIdleSeconds: z.number(),
    engineBusySeconds: z.number(),
  }),
});
export type RunView = z.infer<typeof runView>;

const NOTICES_KEPT = 50;
const CHECKPOINTS_SHOWN = 500;

export function emptyRunView(): RunView {
  return {
    seq: 0,
    state: "created",
    reason: null,
    remedy: null,
    startedAt: null,
    updatedAt: null,
    stages: [],
    idle: { ms: 0, since: null },
    checkpoints: [],
    metrics: {},
    counts: { calls: 0, tasks: 0, trajectories: 0, completionTokens: 0, checkpoints: 0 },
    removed: { checkpoints: 0, optimizers: 0, payloads: 0, bytes: 0 },
    review: { gate: null, waiting: null },
    notices: [],
    usage: { agentCpuSeconds: 0, engineCpuSeconds: 0, wallSeconds: 0, engineIdleSeconds: 0, engineBusySeconds: 0 },
  };
}

/** Folds one record into the view, in place. A record that the view has seen is ignored. */
export function applyRecord(view: RunView, record: Stored<RunRecord>): void {
  if (record.seq <= view.seq) return;
  view.seq = record.seq;
  const before = view.updatedAt;
  view.updatedAt = record.t;
  view.startedAt ??= record.t;
  switch (record.type) {
    case "state":
      applyIdle(view, record.state, record.t, before);
      view.state = record.state;
      view.reason = record.reason;
      view.remedy = record.remedy;
      if (record.waiting !== undefined) view.review.waiting = record.waiting;
      break;
    case "gating":
      view.review.gate = record.on;
      break;
    case "release":
      if (view.review.waiting?.gate === record.gate) view.review.waiting = null;
      break;
    case "stage":
      applyStage(view, record);
      break;
    case "metric": {
      view.metrics[`${record.iteration}/${record.name}`] = record.values;
      const stage = view.stages.find((item) => item.iteration === record.iteration && item.stage === record.stage);
      if (stage !== undefined) stage.done = record.step ?? stage.units;
      const own = stageOfCall(view, record.call);
      if (own !== undefined) Object.assign(own, { sampled: 0, learned: 0 });
      break;
    }
    case "call": {
      view.counts.calls += 1;
      const stage = stageOfCall(view, record.key);
      if (stage !== undefined && record.verb === "chunk") stage.sampled += record.count;
      if (stage !== undefined && record.verb === "learn") stage.learned += 1;
      break;
    }
    case "task":
      view.counts.tasks += 1;
      break;
    case "trajectory":
      view.counts.trajectories += 1;
      view.counts.completionTokens += record.completionTokens;
      break;
    case "checkpoint":
      view.counts.checkpoints += 1;
      if (record.durable && record.path !== null) addCheckpoint(view, { ...record, path: record.path });
      break;
    case "removed": {
      const counter = { checkpoint: "checkpoints", optimizer: "optimizers", payload: "payloads" } as const;
      view.removed[counter[record.what]] += record.ids.length;
      view.removed.bytes += record.bytes;
      if (record.what === "checkpoint")
        view.checkpoints = view.checkpoints.filter(({ id }) => !record.ids.includes(id));
      break;
    }
    case "notice": {
      const { t, level, code, message } = record;
      view.notices.push({ t, level, code, message });
      if (view.notices.length > NOTICES_KEPT) view.notices.shift();
      break;
    }
    case "usage": {
      view.usage.agentCpuSeconds += record.agentCpuSeconds;
      view.usage.engineCpuSeconds += record.engineCpuSeconds ?? 0;
      view.usage.wallSeconds += record.wallSeconds;
      view.usage.engineIdleSeconds += record.engineIdleSeconds ?? 0;
      view.usage.engineBusySeconds += record.engineBusySeconds ?? 0;
      break;
    }
    default:
      break;
  }
}

/** Milliseconds without work up to `now`, by the clock of the run's host. */
export function idleMs({ idle }: RunView, now: number): number {
  return idle.ms + (idle.since === null ? 0 : Math.max(0, now - idle.since));
}

function applyIdle(view: RunView, state: string, t: number, lastAt: number | null): void {
  // A new owner begins with `preparing`: what lies before it was a gap, whether or not the old one could say so.
  if (state === "preparing") view.idle.since ??= lastAt;
  if (state === "running" || state === "preparing") view.idle = { ms: idleMs(view, t), since: null };
  else view.idle.since ??= t;
}

/** The stage a call belongs to: stages' keys are paths above those of their calls. */
function stageOfCall(view: RunView, call: string): StageView | undefined {
  return view.stages.findLast(({ key }) => call.startsWith(`${key}/`));
}

function addCheckpoint(
  view: RunView,
  { id, role, call, step, path }: { id: string; role: string; call: string; step: number; path: string },
): void {
  view.checkpoints.push({ id, role, stage: stageOfCall(view, call)?.key ?? null, step, path });
  if (view.checkpoints.length > CHECKPOINTS_SHOWN) view.checkpoints.shift();
}

function applyStage(view: RunView, record: Extract<Stored<RunRecord>, { type: "stage" }>): void {
  const { key, iteration, stage, units, seconds, engineSeconds } = record;
  let known = view.stages.find((item) => item.key === key);
  if (known === undefined) {
    known = {
      key,
      iteration,
      stage,
      units,
      done: 0,
      status: "running",
      seconds: null,
      engineSeconds: null,
      startedAt: record.t,
      idleMsAtBegin: view.idle.ms,
      sampled: 0,
      learned: 0,
    };
    view.stages.push(known);
  }
  if (record.phase === "end") Object.assign(known, { status: "done", done: units, seconds, engineSeconds });
}
