import type { RunConfig } from "../protocol/config.ts";
import type { PlannedStage } from "../protocol/plannedStage.ts";
import type { RunView } from "../protocol/runView.ts";
import { stageFraction, stageSeconds } from "../protocol/timeLeft.ts";
import { duration } from "./format.ts";
import { bar } from "./glyphs.ts";
import { flow, type Paint } from "./layout.ts";
import { auditFigures, stageFigures } from "./stageFigures.ts";

export interface BlockOptions {
  width: number;
  now: number;
  config: RunConfig;
  paint: Paint;
  /** The stages of this iteration. */
  plan: readonly PlannedStage[];
  /** One line instead of one a stage. */
  compact: boolean;
}

/** Below this width a stage's numbers stand under its bar instead of beside it. */
const WIDE = 96;

/** One iteration of a run: its stages with bar, step, time and numbers. Iteration 0 is the audit of the base model. */
export function iterationLines(view: RunView, iteration: number, options: BlockOptions): string[] {
  const title = iteration === 0 ? "Base model" : `Iteration ${iteration} of ${options.config.iterations}`;
  if (options.compact) return compactLines(view, iteration, title, options);
  return [options.paint("bold", title), ...options.plan.flatMap((planned) => stageLines(view, planned, options))];
}

function compactLines(view: RunView, iteration: number, title: string, { width, config }: BlockOptions): string[] {
  return flow([title, ...auditFigures(view, iteration, config)], { width, indent: 0 }).slice(0, 1);
}

function stageLines(view: RunView, planned: PlannedStage, options: BlockOptions): string[] {
  const { width, now, config, paint } = options;
  const stage = view.stages.find((item) => item.iteration === planned.iteration && item.stage === planned.stage);
  const barWidth = width >= 140 ? 24 : width >= WIDE ? 14 : width >= 52 ? 12 : 6;
  const style = stage === undefined ? "dim" : stage.status === "done" ? "green" : "cyan";
  const steps = planned.units > 1 ? `${stage?.done ?? 0}/${planned.units}` : stage?.status === "done" ? "done" : "";
  const time = stage === undefined ? "" : duration(stageSeconds(stage, view, now));
  const name = `  ${planned.stage.padEnd(10)} `;
  const filled = bar(stageFraction(planned, stage), barWidth);
  const rest = ` ${steps.padStart(5)} ${time.padStart(11)}`;
  const items = stageFigures(view, planned.iteration, planned.stage, config);
  const head = `${paint(stage === undefined ? "dim" : null, name)}${paint(style, filled)}${rest}`;
  if (items.length === 0) return [head.trimEnd()];
  if (width < WIDE) return [head, ...indented(items, width, 4)];
  const indent = name.length + barWidth + rest.length + 3;
  const [first = "", ...more] = flow(items, { width, indent });
  return [`${head}   ${first}`, ...more.map((line) => " ".repeat(indent) + line)];
}

function indented(items: readonly string[], width: number, indent: number): string[] {
  return flow(items, { width, indent }).map((line) => " ".repeat(indent) + line);
}
