import { setTimeout as delay } from "node:timers/promises";
import type { TelemetrySampler } from "../hostinfo/telemetry.ts";
import type { Result } from "../protocol/rpc.ts";
import type { TelemetrySample } from "../protocol/telemetry.ts";
import { readHistory } from "../run/telemetry/history.ts";
import { openNamed, withSupervisor } from "./connect.ts";
import { bytes } from "./format.ts";

const ANSWER_MS = 5000;
/** Rates need two samples; so long apart they already tell something. */
const APART_MS = 250;

/** `host/telemetry` for all runs of a host: a live run's supervisor answers, a resting one has its history. */
export async function telemetryOf(
  env: NodeJS.ProcessEnv,
  sampler: TelemetrySampler,
  { run, since }: { run?: string | undefined; since?: number | undefined },
): Promise<Result<"host/telemetry">> {
  if (run === undefined) return { now: await sampledNow(sampler), recent: [], history: [] };
  const { runDir, run: resolved } = await openNamed({ env }, run);
  const asked = { run: resolved.id, ...(since === undefined ? {} : { since }) };
  const live = await liveTelemetry(env, runDir, asked);
  return live ?? { now: null, recent: [], history: await readHistory(runDir, since) };
}

/** What a run's supervisor tells; null without one that answers. */
export async function liveTelemetry(
  env: NodeJS.ProcessEnv,
  runDir: string,
  asked: { run: string; since?: number },
): Promise<Result<"host/telemetry"> | null> {
  return withSupervisor(
    env,
    runDir,
    async (client) => (await client?.request("host/telemetry", asked, ANSWER_MS).catch(() => null)) ?? null,
  );
}

async function sampledNow(sampler: TelemetrySampler): Promise<TelemetrySample> {
  const first = await sampler.sample([]);
  if (first.cpu.busy !== null) return first;
  await delay(APART_MS);
  return sampler.sample([]);
}

/** A sample as lines of `rzero show`: label and text. */
export function telemetryRows({ cpu, memory, disk, gpus, processes }: TelemetrySample): [string, string][] {
  const busy = cpu.busy === null ? "" : `${cpu.busy.toFixed(1)} of `;
  const load = cpu.load.map((value) => value.toFixed(1)).join(" ");
  const limit = memory.limited ? " (limit of the container)" : "";
  return [
    ["cpu", `${busy}${Number(cpu.cores.toFixed(1))} cores busy, load ${load}`],
    ["memory", `${bytes(memory.used)} of ${bytes(memory.total)}${limit}`],
    ...(disk === null ? [] : [["disk", `${bytes(disk.free)} of ${bytes(disk.total)} free`] as [string, string]]),
    ...(gpus ?? []).map((gpu): [string, string] => [`gpu ${gpu.index}`, gpuText(gpu)]),
    ...processes.map(({ role, pid, cores, memory: resident }): [string, string] => [
      role,
      [
        cores === null ? null : `${cores.toFixed(2)} cores`,
        resident === null ? null : bytes(resident),
        `process ${pid}`,
      ]
        .filter((part) => part !== null)
        .join(", "),
    ]),
  ];
}

function gpuText(gpu: NonNullable<TelemetrySample["gpus"]>[number]): string {
  const parts = [
    gpu.utilization === null ? null : `${Math.round(gpu.utilization * 100)} % busy`,
    gpu.memoryUsed === null || gpu.memoryTotal === null
      ? null
      : `${bytes(gpu.memoryUsed)} of ${bytes(gpu.memoryTotal)}`,
    gpu.watts === null ? null : `${Math.round(gpu.watts)} W`,
    gpu.celsius === null ? null : `${Math.round(gpu.celsius)} °C`,
    gpu.name,
  ];
  return parts.filter((part) => part !== null).join(", ");
}
