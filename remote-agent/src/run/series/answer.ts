import type { RunSeries, Series, SeriesQuery } from "../../protocol/series.ts";
import type { Column } from "./column.ts";
import type { SeriesFold } from "./fold.ts";
import type { Table } from "./table.ts";
import { lowerBound, type Points, thinned } from "./thin.ts";

/** Digits that cross the link: more than a screen shows. */
const DIGITS = 6;

/** What a run's tables say to a query; what the host's telemetry and run.yaml say is added elsewhere. */
export function answerOf(fold: SeriesFold, query: SeriesQuery): Omit<RunSeries, "read"> {
  const since = query.since?.seq ?? -1;
  const changed = query.since === undefined || fold.bands.some(({ seq }) => seq > since);
  return {
    series: query.names.flatMap((name) => seriesNamed(fold, name, query) ?? []),
    catalogue: [...fold.tables].flatMap(([table, { columns }]) =>
      [...columns].map(([column, values]) => ({
        name: `${table}/${column}`,
        axis: axisOf(table),
        points: measured(values),
      })),
    ),
    bands: changed ? fold.bands.map(({ seq: _, ...band }) => band) : null,
    histograms: fold.histograms.filter(({ seq }) => seq > since).map(({ seq: _, ...histogram }) => histogram),
    keptBand: null,
    startedAt: fold.startedAt,
  };
}

/** Points within a query's stretch, no more than it asks for, with the digits that are sent. */
export function seriesOf(name: string, points: Points, { from, to, points: most }: SeriesQuery): Series {
  const begin = from === undefined ? 0 : lowerBound(points.x, from);
  const end = to === undefined ? points.x.length : upperBound(points.x, to);
  const within = { x: points.x.slice(begin, end), y: points.y.slice(begin, end) };
  const { x, y } = thinned(within, most);
  return { name, total: within.x.length, x: [...x], y: y.map((value) => Number(value.toPrecision(DIGITS))) };
}

function seriesNamed(fold: SeriesFold, name: string, query: SeriesQuery): Series | null {
  const slash = name.indexOf("/");
  const table = fold.tables.get(name.slice(0, slash));
  const column = table?.columns.get(name.slice(slash + 1));
  return table === undefined || column === undefined ? null : seriesOf(name, pointsOf(table, column, query), query);
}

/** Where something was measured, of the rows that came since. Steps ascend: the journal is in order. */
function pointsOf(table: Table, column: Column, query: SeriesQuery): Points {
  const along = table.step.values;
  const { values } = column;
  const begin = query.since === undefined ? 0 : lowerBound(table.seq.values, query.since.seq + 1);
  const x: number[] = [];
  const y: number[] = [];
  for (let row = begin; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    x.push(along[row] ?? 0);
    y.push(value);
  }
  return { x, y };
}

function measured({ values }: Column): number {
  let count = 0;
  for (const value of values) if (!Number.isNaN(value)) count += 1;
  return count;
}

function axisOf(table: string): string {
  return table === "challenger" || table === "solver" ? table : "iteration";
}

function upperBound(ascending: readonly number[], value: number): number {
  let end = lowerBound(ascending, value);
  while (end < ascending.length && ascending[end] === value) end += 1;
  return end;
}
