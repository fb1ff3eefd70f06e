import type { RunConfig } from "../protocol/config.ts";
import type { LogLevel } from "../protocol/logs.ts";
import type { RunRecord, Stored } from "../protocol/records.ts";
import type { RunView } from "../protocol/runView.ts";
import { progressTexts } from "./plainLines.ts";

/** A log is read long afterwards: a line a minute shows that a long stage moves. */
const STEP_MS = 60_000;

export interface Narrated {
  readonly text: string;
  readonly level: LogLevel;
}

/**
 * What the agent's log tells of a run's records: stages with their figures, some of their steps, notices, and pauses. How an owner
 * begins and ends, the log says in its own words.
 */
export function narration(config: RunConfig): (view: RunView, record: Stored<RunRecord>) => Narrated | null {
  const textOf = progressTexts(config, STEP_MS);
  let paused = false;
  return (view, record) => {
    if (record.type === "state") {
      const was = paused;
      paused = record.state === "paused";
      if (record.state === "running") return was ? { text: "the run goes on", level: "info" } : null;
      if (!paused) return null;
    }
    if (record.type === "notice") return { text: record.message, level: record.level };
    const text = textOf(view, record);
    return text === null ? null : { text, level: "info" };
  };
}
