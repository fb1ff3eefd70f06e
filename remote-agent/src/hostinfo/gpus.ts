import type { GpuSample } from "../protocol/telemetry.ts";

/** Runs a program and answers its output. Rejects when there is none of that name (`code` ENOENT), or when it fails. */
export type Exec = (program: string, args: string[], limitMs: number) => Promise<string>;

const FIELDS = "index,name,utilization.gpu,memory.used,memory.total,power.draw,temperature.gpu";
const LIMIT_MS = 5000;
/** A query takes the driver tens to hundreds of milliseconds. */
const EVERY_MS = 10_000;
const AFTER_FAILURE_MS = 60_000;
const MIB = 2 ** 20;

/** NVIDIA GPUs as the driver's own program tells. */
export class Gpus {
  readonly #exec: Exec;
  #latest: GpuSample[] | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(exec: Exec) {
    this.#exec = exec;
  }

  /** The newest figures; undefined where there is no GPU or the driver does not answer. `now` in milliseconds. */
  async sample(now: number): Promise<GpuSample[] | undefined> {
    if (now < this.#nextAt) return this.#latest;
    this.#nextAt = now + EVERY_MS;
    try {
      const gpus = parseNvidiaSmi(
        await this.#exec("nvidia-smi", [`--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits"], LIMIT_MS),
      );
      this.#latest = gpus.length === 0 ? undefined : gpus;
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      this.#nextAt = missing ? Number.POSITIVE_INFINITY : now + AFTER_FAILURE_MS;
      this.#latest = undefined;
    }
    return this.#latest;
  }
}

/** Lines of `nvidia-smi --format=csv,noheader,nounits`. What a GPU does not support reads `[N/A]` and becomes null. */
export function parseNvidiaSmi(csv: string): GpuSample[] {
  return csv
    .split("\n")
    .map((line) => line.split(", ").map((field) => field.trim()))
    .filter((fields) => fields.length === 7 && /^\d+$/.test(fields[0] ?? ""))
    .map(([index = "", name = "", utilization, used, total, watts, celsius]) => ({
      index: Number(index),
      name,
      utilization: scaled(utilization, 0.01),
      memoryUsed: scaled(used, MIB),
      memoryTotal: scaled(total, MIB),
      watts: scaled(watts, 1),
      celsius: scaled(celsius, 1),
    }));
}

function scaled(text: string | undefined, by: number): number | null {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) * by : null;
}
