import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import type { StageBand } from "../../remote-agent/src/protocol/series.ts";

export interface Place {
  readonly iteration: number;
  readonly stage: string;
  readonly step: number | null;
}

/** Where in a run a point of a chart is; null where nobody can say. Times are milliseconds since the epoch. */
export function placeOf(
  { axis, stage }: Pick<ChartSpec, "axis" | "stage">,
  x: number,
  bands: readonly StageBand[],
): Place | null {
  if (axis === "share") return null;
  if (axis === "iteration") return stage === undefined ? null : { iteration: Math.round(x), stage, step: null };
  const band = bands.find(
    ({ axis: of, from, to }) => of === axis && x >= from && x <= (to ?? Number.POSITIVE_INFINITY),
  );
  if (band === undefined) return null;
  const step = band.step === null ? null : band.step + Math.round(x - band.from);
  return { iteration: band.iteration, stage: band.stage, step };
}
