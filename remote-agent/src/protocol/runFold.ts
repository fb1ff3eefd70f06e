import type { AlarmView } from "./alarms.ts";
import type { RunRecord, Stored } from "./records.ts";
import type { RunView, StageView } from "./runView.ts";

const NOTICES_KEPT = 50;
const ALARMS_KEPT = 100;
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
    alarms: [],
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
    case "alarm":
      applyAlarm(view, record);
      break;
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

/** Alarms that hold: nobody has seen the end of them. */
export function activeAlarms({ alarms }: Pick<RunView, "alarms">): AlarmView[] {
  return alarms.filter(({ over }) => over === null);
}

function applyAlarm(view: RunView, record: Extract<Stored<RunRecord>, { type: "alarm" }>): void {
  const { v: _v, epoch: _epoch, t, type: _type, phase, seq, ...content } = record;
  const known = view.alarms.find(({ episode }) => episode === content.episode);
  if (phase === "over") {
    if (known !== undefined) known.over = t;
    return;
  }
  if (known !== undefined) return;
  view.alarms.push({ ...content, at: t, seq, over: null });
  if (view.alarms.length <= ALARMS_KEPT) return;
  const ended = view.alarms.findIndex(({ over }) => over !== null);
  view.alarms.splice(Math.max(0, ended), 1);
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
