import type { PlannedStage } from "./plannedStage.ts";
import { idleMs } from "./runFold.ts";
import type { RunView, StageView } from "./runView.ts";

/** Seconds of work a stage has had; pauses do not count. @param now by the clock of the run's host */
export function stageSeconds(stage: StageView, view: RunView, now: number): number {
  if (stage.seconds !== null) return stage.seconds;
  return Math.max(0, (now - stage.startedAt - (idleMs(view, now) - stage.idleMsAtBegin)) / 1000);
}

/** How much of a stage is done, 0 to 1; 1 only when it has ended. */
export function stageFraction(planned: PlannedStage, stage: StageView | undefined): number {
  if (stage === undefined) return 0;
  if (stage.status === "done") return 1;
  const perUnit = planned.work / Math.max(1, planned.units);
  const work = stage.sampled + stage.learned * planned.trainedPerStep;
  const within = Math.min(0.95, work / Math.max(1, perUnit));
  return Math.min(0.99, (Math.min(stage.done, planned.units) + within) / Math.max(1, planned.units));
}

/** Before this much work has been seen, an estimate would be a guess. */
const SEEN_SECONDS = 5;
/** How far off an estimate may be: from stages of the same kind, and from stages of another kind. */
const SAME_KIND = { low: 0.9, high: 1.15 };
const OTHER_KIND = { low: 0.6, high: 1.7 };

/**
 * Seconds left to the end of the run, as a range: the work that remains at the pace of the stages seen so far. Stages of
 * a kind that has not been seen widen it. Null while too little is known. @param now by the clock of the run's host
 */
export function timeLeft(
  view: RunView,
  plan: readonly PlannedStage[],
  now: number,
): { low: number; high: number } | null {
  const stages = plan.map((planned) => {
    const stage = view.stages.find((item) => item.iteration === planned.iteration && item.stage === planned.stage);
    const fraction = stageFraction(planned, stage);
    return { planned, fraction, seconds: stage === undefined ? 0 : stageSeconds(stage, view, now) };
  });
  const paces = stages
    .filter(({ fraction, seconds, planned }) => fraction >= 0.2 && seconds > 0 && planned.work > 0)
    .map(({ planned, fraction, seconds }) => ({
      kind: planned.stage,
      pace: seconds / (fraction * planned.work),
      seconds,
    }));
  if (paces.reduce((total, { seconds }) => total + seconds, 0) < SEEN_SECONDS) return null;
  const range = { low: 0, high: 0 };
  for (const { planned, fraction } of stages) {
    const left = (1 - fraction) * planned.work;
    const same = paces.filter(({ kind }) => kind === planned.stage).map(({ pace }) => pace);
    const known = same.length > 0 ? same : paces.map(({ pace }) => pace);
    const margin = same.length > 0 ? SAME_KIND : OTHER_KIND;
    const centre = known.reduce((total, pace) => total + pace, 0) / known.length;
    range.low += left * (same.length > 0 ? Math.min(...known) : centre) * margin.low;
    range.high += left * (same.length > 0 ? Math.max(...known) : centre) * margin.high;
  }
  return range;
}
