import { stat } from "node:fs/promises";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RunSeries, SeriesQuery } from "../protocol/series.ts";
import type { TelemetryPoint } from "../protocol/telemetry.ts";
import { hostFigures } from "../run/series/hostFigures.ts";
import { readHistory, telemetryFile } from "../run/telemetry/history.ts";
import { presets } from "../scoring/presets.ts";
import { liveTelemetry } from "./hostTelemetry.ts";

/** A run's series with what its journal does not tell: the kept band, and the host's figures. */
export async function seriesOfRun(
  ofJournal: RunSeries | null,
  query: SeriesQuery,
  { runDir, run }: { runDir: string; run: ResolvedRun },
  env: NodeJS.ProcessEnv,
  histories: HostHistories,
): Promise<RunSeries> {
  const { low, high } = presets[run.config.preset].band;
  const history = await histories.of(runDir);
  // A live run's last minutes come from its supervisor; only what is newer than the client's is asked for.
  const live = await liveTelemetry(env, runDir, { run: run.id, since: query.since?.host ?? Date.now() - RECENT_MS });
  const host = hostFigures(history, live?.recent ?? [], query);
  const whole = ofJournal ?? nothing;
  return {
    ...whole,
    series: [...whole.series, ...host.series],
    catalogue: [...whole.catalogue, ...host.catalogue],
    keptBand: { low: low.numerator / low.denominator, high: high.numerator / high.denominator },
    read: { ...whole.read, host: Math.max(host.newest, query.since?.host ?? 0) },
  };
}

/** Histories of telemetry, read again only when their file has changed. */
export class HostHistories {
  readonly #known = new Map<string, { stamp: string; points: TelemetryPoint[] }>();

  async of(runDir: string): Promise<readonly TelemetryPoint[]> {
    const stamp = await stat(telemetryFile(runDir)).then(
      ({ ino, size }) => `${ino} ${size}`,
      () => "none",
    );
    const known = this.#known.get(runDir);
    if (known?.stamp === stamp) return known.points;
    const points = await readHistory(runDir, 0, Number.POSITIVE_INFINITY);
    this.#known.delete(runDir);
    this.#known.set(runDir, { stamp, points });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= RUNS) break;
      this.#known.delete(oldest);
    }
    return points;
  }
}

const RUNS = 8;
/** What a supervisor keeps in detail. */
const RECENT_MS = 10 * 60_000;

const nothing: RunSeries = {
  series: [],
  catalogue: [],
  bands: [],
  histograms: [],
  keptBand: null,
  startedAt: null,
  read: { seq: 0, host: 0, current: true, behind: 0, problem: null },
};
