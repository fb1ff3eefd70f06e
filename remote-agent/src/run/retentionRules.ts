import type { RunConfig } from "../protocol/config.ts";
import type { SavedCheckpoint } from "./checkpointHistory.ts";

/** What is to be left of a checkpoint, and by which setting. */
export interface Fate {
  left: "whole" | "weights" | "nothing";
  rule: string;
}

type Keep = RunConfig["checkpoints"]["keep"];

/** What stays beside what the rules say. */
export interface Held {
  /** Checkpoints whose weights stay. */
  readonly ids: ReadonlySet<string>;
  /** Stage ends of each role that stay: two where an alarm may stop the run, which then needs those before the newest. */
  readonly stageEnds: number;
}

/**
 * What the rules leave of each checkpoint; `saved` is oldest first. Whatever they say, two things stay, because unfinished work
 * may need them: the newest save of a stage that has not ended, with its optimiser state, and the newest stage end of each role. What
 * is `held` stays as well.
 */
export function fatesOf(
  saved: readonly SavedCheckpoint[],
  keep: Keep,
  held: Held = { ids: new Set(), stageEnds: 1 },
): Map<string, Fate> {
  const fates = new Map<string, Fate>();
  const newestOfRole = new Map(saved.map(({ role, id }) => [role, id]));
  const newestOfLine = new Map(saved.map(({ line, id }) => [line, id]));
  const endsSeen = new Map<string, number>();
  const savesSeen = new Map<string, number>();
  const most = keep.stageEnds === "all" ? Number.POSITIVE_INFINITY : Math.max(keep.stageEnds, held.stageEnds);
  for (const { id, role, line, ended } of [...saved].reverse()) {
    const newest = newestOfLine.get(line) === id;
    const optimizer =
      keep.optimizer === "all" || (newest && !ended) || (keep.optimizer === "last" && newestOfRole.get(role) === id);
    const whole: Fate = optimizer
      ? { left: "whole", rule: "" }
      : { left: "weights", rule: `checkpoints.keep.optimizer: ${keep.optimizer}` };
    if (!ended) {
      const rank = count(savesSeen, line);
      fates.set(id, rank <= keep.last ? whole : { left: "nothing", rule: `checkpoints.keep.last: ${keep.last}` });
    } else if (!newest) {
      fates.set(id, { left: "nothing", rule: "the stage has ended" });
    } else {
      const rank = count(endsSeen, role);
      const rule = `checkpoints.keep.stageEnds: ${keep.stageEnds}`;
      fates.set(id, rank <= most || held.ids.has(id) ? whole : { left: "nothing", rule });
    }
  }
  return fates;
}

function count(counts: Map<string, number>, key: string): number {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
}
