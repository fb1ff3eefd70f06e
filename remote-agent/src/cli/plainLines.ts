import { titles } from "../alarms/sentence.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { RunRecord, Stored } from "../protocol/records.ts";
import type { RunView } from "../protocol/runView.ts";
import { duration } from "./format.ts";
import { harmless } from "./layout.ts";
import { stageFigures } from "./stageFigures.ts";
import { stateText } from "./stateLines.ts";

/** Steps of one stage are told no more often than this. */
const STEP_MS = 5000;

/**
 * Progress as plain lines, for pipes and logs: stages, some of their steps, notices and state changes. The returned
 * function answers the line for a record that the view already holds, or null.
 */
export function plainLines(config: RunConfig): (view: RunView, record: Stored<RunRecord>) => string | null {
  const text = progressTexts(config, STEP_MS);
  return (view, record) => {
    const said = text(view, record);
    return said === null ? null : `${clock(record.t - (view.startedAt ?? record.t))}  ${said}`;
  };
}

/** The same without the time since the beginning; steps are told every `stepMs` at most. */
export function progressTexts(
  config: RunConfig,
  stepMs: number,
): (view: RunView, record: Stored<RunRecord>) => string | null {
  let lastStepAt = Number.NEGATIVE_INFINITY;
  return (view, record) => {
    const text = textOf(view, record);
    return text === null ? null : harmless(text);
  };

  function textOf(view: RunView, record: Stored<RunRecord>): string | null {
    switch (record.type) {
      case "state":
        return `run ${stateText(record)}`;
      case "notice":
        return `${record.level}: ${record.message}`;
      case "alarm":
        return record.phase === "raised" ? `alarm: ${record.message}` : `alarm over: ${titles[record.rule]}`;
      case "stage": {
        const name = nameOf(record);
        if (record.phase === "begin") return `${name} begins`;
        const figures = stageFigures(view, record.iteration, record.stage, config).map((item) => `, ${item}`);
        return `${name} done in ${duration(record.seconds ?? 0)}${figures.join("")}`;
      }
      case "metric": {
        if (record.step === null || record.t - lastStepAt < stepMs) return null;
        lastStepAt = record.t;
        const stage = view.stages.find((item) => item.iteration === record.iteration && item.stage === record.stage);
        const figures = stageFigures(view, record.iteration, record.stage, config).join(", ");
        return `${nameOf(record)} ${record.step}/${stage?.units ?? "?"}  ${figures}`;
      }
      default:
        return null;
    }
  }
}

function nameOf({ iteration, stage }: { iteration: number; stage: string }): string {
  return iteration === 0 ? `base model ${stage}` : `iteration ${iteration} ${stage}`;
}

/** Minutes and seconds since the run began: `03:07`. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}
