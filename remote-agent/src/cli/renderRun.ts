import type { RunConfig } from "../protocol/config.ts";
import type { PlannedStage } from "../protocol/plannedStage.ts";
import { activeAlarms, idleMs } from "../protocol/runFold.ts";
import type { RunView } from "../protocol/runView.ts";
import { timeLeft } from "../protocol/timeLeft.ts";
import { emptyDetail, type RunDetail } from "./detail.ts";
import { duration, durationRange } from "./format.ts";
import { iterationLines } from "./iterationBlock.ts";
import { flow, harmless, type Paint, plain, shorten, wrap } from "./layout.ts";
import { stagePlan } from "./plan.ts";
import { stateLines } from "./stateLines.ts";

export interface RenderOptions {
  /** Columns and, where the picture has to fit a screen, rows. */
  width: number;
  height?: number;
  now: number;
  config: RunConfig;
  detail?: RunDetail;
  /** How the run is named and where it lies, and what can be done about it. */
  id: string;
  directory: string;
  /** How this program is called, for hints. */
  program: string;
  /** What Ctrl-C does here; null where nothing is being followed. */
  interrupt?: string | null;
  paint?: Paint;
}

const NOTICES_SHOWN = 3;
const ALARMS_SHOWN = 3;

/** A run as a person sees it in a terminal: one line an element, none wider than `width` when uncoloured. */
export function renderRun(view: RunView, options: RenderOptions): string[] {
  const detail = options.detail ?? emptyDetail();
  const paint = options.paint ?? plain;
  const plan = stagePlan(options.config);
  const last = Math.max(0, ...view.stages.map((stage) => stage.iteration));
  const blocks = (compactBefore: number) =>
    Array.from({ length: last + 1 }, (_, iteration) =>
      iterationLines(view, iteration, {
        ...options,
        paint,
        plan: plan.filter((stage) => stage.iteration === iteration),
        compact: iteration < compactBefore,
      }),
    ).flat();
  const head = [...headline(view, plan, options, paint), ...stateLines(view, options, paint)];
  const tail = [newest, alarms, notices, foot].map((part) => part(view, detail, options, paint));
  const room = (options.height ?? Number.POSITIVE_INFINITY) - sections(head, ...tail).length - 2;
  let body: string[] = [];
  for (let compactBefore = 0; compactBefore <= last; compactBefore++) {
    body = view.stages.length === 0 ? [] : blocks(compactBefore);
    if (body.length <= room) break; // older iterations shrink to a line each until the newest fits
  }
  return sections(head, body, ...tail);
}

/** Parts with an empty line between them; parts that say nothing take no room. */
function sections(...parts: string[][]): string[] {
  return parts.filter((part) => part.length > 0).flatMap((part, i) => (i === 0 ? part : ["", ...part]));
}

function headline(
  view: RunView,
  plan: readonly PlannedStage[],
  { width, now, id }: RenderOptions,
  paint: Paint,
): string[] {
  const items: string[] = [view.state];
  const working = view.state === "running" || view.state === "preparing";
  const until = working ? now : (view.updatedAt ?? now);
  if (view.startedAt !== null) {
    const spent = (until - view.startedAt - idleMs(view, until)) / 1000;
    items.push(duration(Math.max(0, spent)));
  }
  if (view.state === "running") {
    const left = timeLeft(view, plan, now);
    items.push(left === null ? "time left not known yet" : `${durationRange(left)} left`);
  }
  const lines = flow([`R-Zero ${id}`, items.join(" · ")], { width, indent: 0 });
  return lines.map((line) => paint("bold", line));
}

function newest(view: RunView, detail: RunDetail, { width }: RenderOptions, paint: Paint): string[] {
  if (detail.question === null || view.state === "completed") return [];
  const { question, label } = detail.question;
  const text = label === null ? question : `${question} → ${label} (the answers' majority)`;
  return [paint("dim", shorten(`Newest question: ${harmless(text)}`, width))];
}

/** Alarms that hold. */
function alarms(view: RunView, _detail: RunDetail, { width, id, program }: RenderOptions, paint: Paint): string[] {
  const active = activeAlarms(view);
  if (active.length === 0) return [];
  const shown = active.slice(-ALARMS_SHOWN).flatMap(({ message }) => wrap(`! alarm: ${message}`, width));
  const hint = shorten(`What it means: ${program} alarms ${id}`, width);
  return [...shown.map((line) => paint("yellow", line)), paint("dim", hint)];
}

function notices(view: RunView, _detail: RunDetail, { width }: RenderOptions, paint: Paint): string[] {
  const shown = view.notices.slice(-NOTICES_SHOWN);
  if (shown.length === 0) return [];
  const lines = shown.flatMap(({ level, message }) => {
    const wrapped = wrap(`${level === "info" ? "•" : "!"} ${message}`, width);
    return wrapped.map((line) => paint(level === "error" ? "red" : level === "warning" ? "yellow" : null, line));
  });
  return lines;
}

function foot(
  view: RunView,
  _detail: RunDetail,
  { width, id, directory, program, interrupt }: RenderOptions,
  paint: Paint,
): string[] {
  const hints =
    view.state === "running" || view.state === "preparing"
      ? [...(interrupt == null ? [] : [interrupt]), `${program} pause ${id}`, `${program} stop ${id}`]
      : view.state === "completed"
        ? []
        : [...(interrupt == null ? [] : [interrupt]), `${program} resume ${id}`];
  const lines = [...wrap(directory, width), ...flow(hints, { width, indent: 0, gap: 3 })];
  return lines.map((line) => paint("dim", line));
}
