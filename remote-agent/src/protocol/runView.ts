import { z } from "zod";
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
});
export type StageView = z.infer<typeof stageView>;

const metricValues = z.record(z.string(), z.union([z.number(), z.null(), z.array(z.number())]));

export const runView = z.object({
  seq: z.number().int(),
  state: runState,
  reason: z.string().nullable(),
  remedy: z.string().nullable(),
  startedAt: z.number().nullable(),
  updatedAt: z.number().nullable(),
  stages: z.array(stageView),
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

export function emptyRunView(): RunView {
  return {
    seq: 0,
    state: "created",
    reason: null,
    remedy: null,
    startedAt: null,
    updatedAt: null,
    stages: [],
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
  view.updatedAt = record.t;
  view.startedAt ??= record.t;
  switch (record.type) {
    case "state":
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
      break;
    }
    case "call":
      view.counts.calls += 1;
      break;
    case "task":
      view.counts.tasks += 1;
      break;
    case "trajectory":
      view.counts.trajectories += 1;
      view.counts.completionTokens += record.completionTokens;
      break;
    case "checkpoint":
      view.counts.checkpoints += 1;
      break;
    case "removed": {
      const counter = { checkpoint: "checkpoints", optimizer: "optimizers", payload: "payloads" } as const;
      view.removed[counter[record.what]] += record.ids.length;
      view.removed.bytes += record.bytes;
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
    };
    view.stages.push(known);
  }
  if (record.phase === "end") Object.assign(known, { status: "done", done: units, seconds, engineSeconds });
}
