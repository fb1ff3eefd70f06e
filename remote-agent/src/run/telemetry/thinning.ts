import type { ProcessSample, TelemetryPoint, TelemetrySample } from "../../protocol/telemetry.ts";

/** The mean of some samples, which there must be; of what some of them do not tell, the mean of the others. */
export function pointOf(samples: readonly TelemetrySample[]): TelemetryPoint {
  const last = samples.at(-1);
  if (last === undefined) throw new Error("A point needs at least one sample.");
  const of = (value: (sample: TelemetrySample) => number | null | undefined) => mean(samples.map(value));
  const process = (role: ProcessSample["role"], value: (found: ProcessSample) => number | null) =>
    of((sample) => {
      const found = sample.processes.find((item) => item.role === role);
      return found === undefined ? null : value(found);
    });
  const indices = [...new Set(samples.flatMap((sample) => (sample.gpus ?? []).map(({ index }) => index)))].sort(
    (a, b) => a - b,
  );
  const gpus = indices.map((index) => {
    const gpu = (value: (found: NonNullable<TelemetrySample["gpus"]>[number]) => number | null) =>
      of((sample) => {
        const found = sample.gpus?.find((item) => item.index === index);
        return found === undefined ? null : value(found);
      });
    return {
      index,
      utilization: gpu((found) => found.utilization),
      memoryUsed: gpu((found) => found.memoryUsed),
      watts: gpu((found) => found.watts),
    };
  });
  return {
    t: last.t,
    samples: samples.length,
    cpuBusy: of((sample) => sample.cpu.busy),
    memoryUsed: of((sample) => sample.memory.used) ?? 0,
    diskFree: last.disk?.free ?? null,
    agentCores: process("agent", (found) => found.cores),
    engineCores: process("engine", (found) => found.cores),
    agentMemory: process("agent", (found) => found.memory),
    engineMemory: process("engine", (found) => found.memory),
    ...(gpus.length === 0 ? {} : { gpus }),
  };
}

function mean(values: (number | null | undefined)[]): number | null {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length === 0) return null;
  return Math.round((known.reduce((sum, value) => sum + value, 0) / known.length) * 1000) / 1000;
}
