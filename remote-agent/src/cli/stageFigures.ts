import type { RunConfig } from "../protocol/config.ts";
import type { RunView } from "../protocol/runView.ts";
import { decimal, percent } from "./format.ts";
import { arrow, bandSparkline } from "./glyphs.ts";
import { keptBand } from "./keptBand.ts";

/** A metric's number, or null when it has not been measured. */
export function figure(view: RunView, iteration: number, metric: string, name: string): number | null {
  const value = view.metrics[`${iteration}/${metric}`]?.[name];
  return typeof value === "number" ? value : null;
}

export function series(view: RunView, iteration: number, metric: string, name: string): number[] | null {
  const value = view.metrics[`${iteration}/${metric}`]?.[name];
  return Array.isArray(value) ? value : null;
}

/** The numbers that matter beside a stage, newest values; empty before there are any. */
export function stageFigures(view: RunView, iteration: number, stage: string, config: RunConfig): string[] {
  if (view.metrics[`${iteration}/${stage}`] === undefined) return [];
  const number = (name: string) => figure(view, iteration, stage, name);
  switch (stage) {
    case "challenger":
      return [
        `reward ${decimal(number("reward"), 3)}`,
        `difficulty ${decimal(number("difficulty"))}`,
        `valid ${percent(number("valid_share"))}`,
      ];
    case "curriculum": {
      const histogram = series(view, iteration, stage, "share_histogram");
      // Without the questions whose labelling stopped early the histogram would mislead; the decisions are those of all.
      const shares = (bins: number[]) =>
        (number("stopped_early") ?? 0) > 0
          ? [`too easy ${percent(number("too_easy_share"))}`, `too hard ${percent(number("too_hard_share"))}`]
          : [`p̂ ${bandSparkline(bins, keptBand(config.preset, bins.length))}`];
      return [
        `kept ${percent(number("kept_share"))}`,
        `label accuracy ${percent(number("kept_label_accuracy"))}`,
        ...(histogram === null ? [] : shares(histogram)),
      ];
    }
    case "solver":
      return [`reward ${decimal(number("reward"), 3)}`, `groups with a gradient ${decimal(number("groups"), 0)}`];
    case "audit":
      return auditFigures(view, iteration, config);
    default:
      return [];
  }
}

/** Held-out accuracy, each with its change in percentage points against the iteration before. */
export function auditFigures(view: RunView, iteration: number, config: RunConfig): string[] {
  const k = config.audit.samples;
  const named: [string, string][] = [
    [`mean@${k}`, "mean_at_k"],
    [`majority@${k}`, "majority_at_k"],
    ["greedy", "greedy"],
  ];
  return named.map(([label, name]) => {
    const now = figure(view, iteration, "audit", name);
    const before = figure(view, iteration - 1, "audit", name);
    const change = now === null || before === null ? "" : ` ${arrow(now - before)}${pointsBetween(before, now)}`;
    return `${label} ${percent(now)}${change}`;
  });
}

/** Distance between two shares in percentage points. */
function pointsBetween(before: number, now: number): string {
  return (Math.abs(now - before) * 100).toFixed(1);
}
