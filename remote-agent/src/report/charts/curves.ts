import { type ChartSpec, charts, namesOf } from "../../protocol/charts.ts";
import type { RunSeries, StageBand } from "../../protocol/series.ts";
import { chartWords } from "./words.ts";

/** One line of a chart, or one part of its bars. */
export interface Curve {
  readonly label: string;
  /** As the chart draws it: training steps, iterations, or seconds since the run's start. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Points there are; fewer are here when they were thinned. */
  readonly total: number;
}

/** A chart of lines or bars with what it draws. */
export interface DrawnChart {
  readonly spec: ChartSpec;
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Stretches of x to shade and name: iterations of a role's training steps. */
  readonly bands: readonly StageBand[];
}

/** The charts of which a run has figures, in the order in which the editor shows them; the histogram of p̂ is drawn by itself. */
export function drawnCharts(run: RunSeries): DrawnChart[] {
  const names = run.catalogue.map(({ name }) => name);
  const known = new Map(run.series.map((series) => [series.name, series]));
  return charts.flatMap((spec) => {
    const curves = spec.lines.flatMap((line) =>
      namesOf(line, names).flatMap((name) => {
        const series = known.get(name);
        if (series === undefined || series.x.length === 0) return [];
        const start = run.startedAt ?? series.x[0] ?? 0;
        const x = spec.axis === "time" ? series.x.map((t) => (t - start) / 1000) : series.x;
        return [{ label: labelOf(name, line.label), x, y: series.y, total: series.total }];
      }),
    );
    if (curves.length === 0) return [];
    const bands = (run.bands ?? []).filter(({ axis }) => axis === spec.axis && axis !== "time");
    return [{ spec, title: chartWords[spec.title] ?? spec.title, curves, bands }];
  });
}

function labelOf(name: string, label: string): string {
  if (label === "gpu") return `GPU ${name.slice(name.lastIndexOf("/") + 1)}`;
  return chartWords[label] ?? label;
}
