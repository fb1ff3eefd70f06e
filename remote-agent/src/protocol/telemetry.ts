import * as z from "zod";

/** What a host and a run's processes use. What cannot be told is absent or null, never 0. */

export const gpuSample = z.object({
  index: z.number().int(),
  name: z.string(),
  /** Share of time in which a kernel was running, 0 to 1. */
  utilization: z.number().nullable(),
  memoryUsed: z.number().nullable().describe("Bytes"),
  memoryTotal: z.number().nullable().describe("Bytes"),
  watts: z.number().nullable(),
  celsius: z.number().nullable(),
});
export type GpuSample = z.infer<typeof gpuSample>;

export const processSample = z.object({
  /** `agent`: the run's supervisor; `engine`: its built-in engine. */
  role: z.enum(["agent", "engine"]),
  pid: z.number().int(),
  /** Cores kept busy since the sample before; null in the first one. */
  cores: z.number().nullable(),
  memory: z.number().nullable().describe("Resident bytes"),
});
export type ProcessSample = z.infer<typeof processSample>;

export const telemetrySample = z.object({
  /** Milliseconds since the epoch. */
  t: z.number(),
  cpu: z.object({
    /** Cores that may be used: those of the machine or of the container's quota. */
    cores: z.number(),
    /** Cores kept busy since the sample before, by everything on the machine; null in the first one. */
    busy: z.number().nullable(),
    /** Processes running or waiting, averaged over 1, 5 and 15 minutes. */
    load: z.array(z.number()).length(3),
  }),
  /** Bytes; of the container where it has a limit. `used` leaves out what the kernel would give back. */
  memory: z.object({ total: z.number(), used: z.number(), limited: z.boolean() }),
  /** Bytes of the file system that holds the run; `free` is what may be used. Null when it does not answer. */
  disk: z.object({ total: z.number(), free: z.number() }).nullable(),
  /** Absent where there is no GPU, or none that tells. */
  gpus: z.array(gpuSample).optional(),
  processes: z.array(processSample),
});
export type TelemetrySample = z.infer<typeof telemetrySample>;

/** The mean of a minute's samples, of the numbers that charts show. */
export const telemetryPoint = z.object({
  /** When the minute ended, in milliseconds since the epoch. */
  t: z.number(),
  samples: z.number().int(),
  cpuBusy: z.number().nullable(),
  memoryUsed: z.number(),
  diskFree: z.number().nullable(),
  agentCores: z.number().nullable(),
  engineCores: z.number().nullable(),
  agentMemory: z.number().nullable(),
  engineMemory: z.number().nullable(),
  /** One entry a GPU, in order of its index. */
  gpus: z.array(gpuSample.pick({ index: true, utilization: true, memoryUsed: true, watts: true })).optional(),
});
export type TelemetryPoint = z.infer<typeof telemetryPoint>;
