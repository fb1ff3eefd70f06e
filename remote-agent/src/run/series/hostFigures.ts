import type { SeriesQuery } from "../../protocol/series.ts";
import type { TelemetryPoint, TelemetrySample } from "../../protocol/telemetry.ts";
import { pointOf } from "../telemetry/thinning.ts";
import { seriesOf } from "./answer.ts";
import type { Points } from "./thin.ts";

/** What the host's telemetry adds to a run's series. */
export interface HostFigures {
  readonly series: ReturnType<typeof seriesOf>[];
  readonly catalogue: { name: string; axis: "time"; points: number }[];
  /** The newest figure's time; 0 without one. */
  readonly newest: number;
}

/** `host/…` series: minutes of the past, then the samples of the last minutes, which are closer together. */
export function hostFigures(
  history: readonly TelemetryPoint[],
  recent: readonly TelemetrySample[],
  query: SeriesQuery,
): HostFigures {
  const detailed = recent.map((sample) => pointOf([sample]));
  const begin = detailed[0]?.t ?? Number.POSITIVE_INFINITY;
  const points = [...history.filter(({ t }) => t < begin), ...detailed].sort((a, b) => a.t - b.t);
  const since = query.since?.host ?? -1;
  const columns = new Map<string, Points & { x: number[]; y: number[] }>();
  for (const point of points) {
    for (const [name, value] of figuresOf(point)) {
      if (value === null || value === undefined) continue;
      const column = columns.get(name) ?? { x: [], y: [] };
      columns.set(name, column);
      column.x.push(point.t);
      column.y.push(value);
    }
  }
  return {
    series: query.names.flatMap((name) => {
      const column = columns.get(name);
      if (column === undefined) return [];
      const first = column.x.findIndex((t) => t > since);
      if (first < 0) return [seriesOf(name, { x: [], y: [] }, query)];
      return [seriesOf(name, { x: column.x.slice(first), y: column.y.slice(first) }, query)];
    }),
    catalogue: [...columns].map(([name, { x }]) => ({ name, axis: "time", points: x.length })),
    newest: points.at(-1)?.t ?? 0,
  };
}

function figuresOf(point: TelemetryPoint): [string, number | null | undefined][] {
  return [
    ["host/cpu_busy", point.cpuBusy],
    ["host/memory_used", point.memoryUsed],
    ["host/disk_free", point.diskFree],
    ["host/agent_cores", point.agentCores],
    ["host/engine_cores", point.engineCores],
    ["host/agent_memory", point.agentMemory],
    ["host/engine_memory", point.engineMemory],
    ...(point.gpus ?? []).flatMap(({ index, utilization, memoryUsed, watts }): [string, number | null][] => [
      [`host/gpu_utilization/${index}`, utilization],
      [`host/gpu_memory_used/${index}`, memoryUsed],
      [`host/gpu_watts/${index}`, watts],
    ]),
  ];
}
