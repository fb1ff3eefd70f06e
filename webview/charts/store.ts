import type { StageBand } from "../../remote-agent/src/protocol/series.ts";
import type { Figures, Lines, RunStatus } from "../../src/panels/charts/messages.ts";

export type Line = Lines[number];

/** What the page has been told of one run. */
export interface RunData {
  readonly lines: ReadonlyMap<string, Line>;
  readonly catalogue: readonly string[];
  readonly bands: readonly StageBand[];
  readonly histograms: Figures["histograms"];
  readonly keptBand: Figures["keptBand"];
  readonly startedAt: number | null;
}

export interface ShownRun extends RunStatus {
  /** Null until its first figures are there. */
  readonly data: RunData | null;
}

const nothing: RunData = {
  lines: new Map(),
  catalogue: [],
  bands: [],
  histograms: [],
  keptBand: null,
  startedAt: null,
};

/** A run's data after more was told; a line that was not told stays the same object. */
export function afterFigures(before: RunData | null, told: Figures): RunData {
  const base = told.reset || before === null ? nothing : before;
  const lines = new Map(base.lines);
  for (const line of told.lines) {
    const known = lines.get(line.name);
    if (known === undefined) lines.set(line.name, line);
    else if (line.x.length > 0) lines.set(line.name, joined(known, line));
  }
  return {
    lines,
    catalogue: told.catalogue.map(({ name }) => name),
    bands: told.bands ?? base.bands,
    histograms: [...base.histograms, ...told.histograms],
    keptBand: told.keptBand,
    startedAt: told.startedAt,
  };
}

function joined(a: Line, b: Line): Line {
  return { name: a.name, total: a.total + b.total, x: concatenated(a.x, b.x), y: concatenated(a.y, b.y) };
}

function concatenated(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
