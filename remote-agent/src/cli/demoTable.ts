import type { RunConfig } from "../protocol/config.ts";
import type { RunView } from "../protocol/runView.ts";
import { decimal, duration, percent } from "./format.ts";
import { bandSparkline, sparkline } from "./glyphs.ts";
import { keptBand } from "./keptBand.ts";
import { table } from "./layout.ts";
import { figure, series } from "./stageFigures.ts";

/** A figure of each iteration, from 0 (the base model); null where it has none. */
export interface TableRow {
  name: string;
  label: string;
  unit: "share" | "number" | "seconds";
  values: (number | null)[];
}

/** What the demo measured, by iteration. */
export function demoRows(view: RunView, config: RunConfig): TableRow[] {
  const { samples } = config.audit;
  const iterations = iterationsOf(view);
  const row = (name: string, label: string, metric: string, unit: TableRow["unit"] = "share"): TableRow => ({
    name: `${metric}.${name}`,
    label,
    unit,
    values: iterations.map((iteration) => figure(view, iteration, metric, name)),
  });
  const stages = ["challenger", "curriculum", "solver", "audit"];
  return [
    row("mean_at_k", `held-out mean@${samples}`, "audit"),
    row("majority_at_k", `held-out majority@${samples}`, "audit"),
    row("greedy", "held-out greedy", "audit"),
    row("hard_mean_at_k", `hard half, mean@${samples}`, "audit"),
    row("difficulty", "difficulty asked", "curriculum", "number"),
    row("valid_share", "valid questions", "curriculum"),
    row("kept_share", "kept questions", "curriculum"),
    row("kept_difficulty", "difficulty kept", "curriculum", "number"),
    row("kept_label_accuracy", "kept labels right", "curriculum"),
    ...stages.map(
      (stage): TableRow => ({
        name: `seconds.${stage}`,
        label: `time, ${stage}`,
        unit: "seconds",
        values: iterations.map((iteration) => secondsOf(view, iteration, stage)),
      }),
    ),
    {
      name: "engine_share",
      label: "engine at work",
      unit: "share",
      values: iterations.map((iteration) => engineShare(view, iteration)),
    },
  ];
}

/** The table as lines, then the p̂ histograms and the accuracy by difficulty. */
export function demoTableLines(view: RunView, config: RunConfig): string[] {
  const iterations = iterationsOf(view);
  const head = ["", ...iterations.map((iteration) => (iteration === 0 ? "base" : `it. ${iteration}`))];
  const cells = demoRows(view, config).map(({ label, unit, values }) => [
    label,
    ...values.map((value) => cell(unit, value)),
  ]);
  return [...table([head, ...cells]), ...histograms(view, config, iterations), ...accuracies(view, iterations)];
}

/** Share of a stage's or iteration's time in which the engine was working; null where it does not tell. */
function engineShare(view: RunView, iteration: number): number | null {
  const stages = view.stages.filter((stage) => stage.iteration === iteration);
  const timed = stages.filter((stage) => stage.seconds !== null && stage.engineSeconds !== null);
  const seconds = timed.reduce((total, stage) => total + (stage.seconds ?? 0), 0);
  const engine = timed.reduce((total, stage) => total + (stage.engineSeconds ?? 0), 0);
  return seconds === 0 ? null : Math.min(1, engine / seconds);
}

function histograms(view: RunView, config: RunConfig, iterations: number[]): string[] {
  const rows = iterations.flatMap((iteration) => {
    const histogram = series(view, iteration, "curriculum", "share_histogram");
    return histogram === null ? [] : [{ iteration, histogram }];
  });
  const m = (rows[0]?.histogram.length ?? 1) - 1;
  if (rows.length === 0) return [];
  return [
    "",
    `Majority share p̂ of the questions, 0 to ${m} of ${m} votes, [kept]`,
    ...rows.map(
      ({ iteration, histogram }) =>
        `  it. ${iteration}  ${bandSparkline(histogram, keptBand(config.preset, histogram.length))}`,
    ),
  ];
}

function accuracies(view: RunView, iterations: number[]): string[] {
  const difficulties = series(view, 0, "audit", "difficulties");
  if (difficulties === null) return [];
  const rows = iterations.flatMap((iteration) => {
    const accuracy = series(view, iteration, "audit", "mean_by_difficulty");
    return accuracy === null ? [] : [`  ${iteration === 0 ? "base " : `it. ${iteration}`}  ${sparkline(accuracy, 1)}`];
  });
  return ["", `Held-out accuracy by difficulty, ${difficulties[0]} to ${difficulties.at(-1)}`, ...rows];
}

export function iterationsOf(view: RunView): number[] {
  return [...new Set(view.stages.map((stage) => stage.iteration))].sort((a, b) => a - b);
}

function secondsOf(view: RunView, iteration: number, name: string): number | null {
  return view.stages.find((stage) => stage.iteration === iteration && stage.stage === name)?.seconds ?? null;
}

/** A figure of the table as it is read. */
export function cell(unit: TableRow["unit"], value: number | null): string {
  if (value === null) return "–";
  return unit === "share" ? percent(value) : unit === "seconds" ? duration(value) : decimal(value);
}
