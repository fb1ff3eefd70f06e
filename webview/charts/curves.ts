import { type ChartSpec, namesOf } from "../../remote-agent/src/protocol/charts.ts";
import type { ChartsWords } from "../../src/panels/charts/messages.ts";
import type { Line, RunData, ShownRun } from "./store.ts";

/** One line, or one set of bars, of a chart. */
export interface Curve {
  readonly runKey: string;
  /** Name of the run, for a legend; may be anything. */
  readonly run: string;
  /** The series as the agent names it. */
  readonly name: string;
  readonly label: string;
  /** As the chart draws it: steps, iterations, seconds since the run's start, or p̂. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Points there are; fewer are here when they were thinned. */
  readonly total: number;
  /** Which colour, and which pattern of line: runs differ in the one, lines of one chart in the other. */
  readonly color: number;
  readonly dash: number;
  /** How strong its colour is, in (0, 1]. */
  readonly strength: number;
}

/** Iterations of a histogram that can be told apart: the first, and the newest ones. */
const HISTOGRAMS = 5;

type Titles = ChartsWords["titles"];

/** What a chart draws of these runs. `stretch` has finer points for what the person zoomed into, by run. */
export function curvesOf(
  spec: ChartSpec,
  runs: readonly ShownRun[],
  titles: Titles,
  stretch?: ReadonlyMap<string, readonly Line[]>,
): Curve[] {
  const shown = runs.flatMap((run, index) => (run.data === null ? [] : [{ run, index, data: run.data }]));
  const several = runs.length > 1;
  return shown.flatMap(({ run, index, data }) => {
    const of = { runKey: run.key, run: run.name };
    if (spec.kind === "shares")
      return histogramsOf(data, several, titles).map((part) => ({
        ...of,
        ...part,
        ...(several ? { color: index } : {}),
      }));
    const lines = spec.lines.flatMap((line) => namesOf(line, data.catalogue).map((name) => ({ ...line, name })));
    return lines.flatMap(({ name, label }, i) => {
      const finer = stretch?.get(run.key)?.find((line) => line.name === name);
      const line = finer ?? data.lines.get(name);
      if (line === undefined || line.x.length === 0) return [];
      const bars = spec.kind === "bars";
      const color = several && !bars ? index : i;
      const x = spec.axis === "time" ? secondsSince(line.x, data.startedAt ?? line.x[0] ?? 0) : line.x;
      const { y, total } = line;
      return [
        { ...of, name, label: labelOf(name, label, titles), x, y, total, color, dash: several ? i : 0, strength: 1 },
      ];
    });
  });
}

function labelOf(name: string, label: string, titles: Titles): string {
  if (label === "gpu") return `GPU ${name.slice(name.lastIndexOf("/") + 1)}`;
  return titles[label] ?? label;
}

function secondsSince(times: Float64Array, start: number): Float64Array {
  return times.map((t) => (t - start) / 1000);
}

/** Shares of questions by p̂: of one run its iterations, the older the paler; of several, the newest of each. */
function histogramsOf(data: RunData, several: boolean, titles: Titles) {
  const newest = data.histograms.slice(several ? -1 : -HISTOGRAMS);
  const first = data.histograms[0];
  const chosen = several || first === undefined || newest.includes(first) ? newest : [first, ...newest];
  return chosen.map(({ iteration, counts }, i) => {
    const questions = counts.reduce((sum, count) => sum + count, 0);
    const m = Math.max(1, counts.length - 1);
    return {
      name: `shares/${iteration}`,
      label: `${titles["iteration"] ?? "iteration"} ${iteration}`,
      x: Float64Array.from(counts, (_, votes) => votes / m),
      y: Float64Array.from(counts, (count) => (questions === 0 ? 0 : count / questions)),
      total: counts.length,
      color: 0,
      dash: 0,
      strength: several ? 1 : 0.3 + (0.7 * (i + 1)) / chosen.length,
    };
  });
}
