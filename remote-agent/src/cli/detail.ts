import type { RunConfig } from "../protocol/config.ts";
import type { RunRecord, Stored } from "../protocol/records.ts";
import { trainedPerStep } from "./plan.ts";

/** What the terminal shows beyond the run's view: progress within a step, time not worked, the newest question. */
export interface RunDetail {
  /** Milliseconds in which nothing worked on the run: pauses, and gaps between its owners. */
  idleMs: number;
  idleSince: number | null;
  stages: Map<string, StageDetail>;
  question: { question: string; label: string | null } | null;
  lastAt: number | null;
}

export interface StageDetail {
  idleMsAtBegin: number;
  /** Completions sampled and trained on since the stage began, and since its last finished step. */
  work: number;
  workInStep: number;
}

export function emptyDetail(): RunDetail {
  return { idleMs: 0, idleSince: null, stages: new Map(), question: null, lastAt: null };
}

/** Folds one record, in place. Records come in order, each once. */
export function applyDetail(detail: RunDetail, record: Stored<RunRecord>, config: RunConfig): void {
  switch (record.type) {
    case "state":
      applyState(detail, record.state, record.t);
      break;
    case "stage":
      if (record.phase === "begin" && !detail.stages.has(record.key))
        detail.stages.set(record.key, { idleMsAtBegin: detail.idleMs, work: 0, workInStep: 0 });
      break;
    case "call":
      applyCall(detail, record, config);
      break;
    case "metric": {
      const stage = stageOf(detail, record.call);
      if (stage !== null) stage.detail.workInStep = 0;
      break;
    }
    case "task":
      if (record.question !== null && record.truth.source !== "key")
        detail.question = { question: record.question, label: record.truth.answer };
      break;
    default:
      break;
  }
  detail.lastAt = record.t;
}

/** Milliseconds without work up to `now`. */
export function idleMs(detail: RunDetail, now: number): number {
  return detail.idleMs + (detail.idleSince === null ? 0 : Math.max(0, now - detail.idleSince));
}

function applyState(detail: RunDetail, state: string, t: number): void {
  // A new owner begins with `preparing`: what lies before it was a gap, whether or not the old one could say so.
  if (state === "preparing") detail.idleSince ??= detail.lastAt;
  if (state === "running" || state === "preparing") {
    detail.idleMs = idleMs(detail, t);
    detail.idleSince = null;
  } else detail.idleSince ??= t;
}

function applyCall(detail: RunDetail, call: { key: string; verb: string; count: number }, config: RunConfig): void {
  const found = stageOf(detail, call.key);
  if (found === null) return;
  const stage = found.key.slice(found.key.lastIndexOf("/") + 1);
  const work = call.verb === "chunk" ? call.count : call.verb === "learn" ? trainedPerStep(stage, config) : 0;
  found.detail.work += work;
  found.detail.workInStep += work;
}

/** The stage a call belongs to: stages' keys are paths above those of their calls. */
function stageOf(detail: RunDetail, callKey: string): { key: string; detail: StageDetail } | null {
  for (const [key, stage] of detail.stages) if (callKey.startsWith(`${key}/`)) return { key, detail: stage };
  return null;
}
