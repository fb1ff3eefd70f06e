/**
 * How long the engine waits for the agent: the share of a whole demo run in which the engine's queue was empty, measured by
 * the engine from its first call to the run's end, and before which calls it was.
 *
 *   npm run bench -- overhead [--json] [--seeds 3] [--home DIR] [--against RUN_DIRECTORY] [--device cuda]
 *
 * With --home the runs are kept. --against compares the records, packs and weights of the (single) run with those of an
 * earlier run of the same seed: they must be the same, whatever was made faster in between.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { demoModel } from "../../remote-agent/src/cli/demoModel.ts";
import { type UsageRecord, usageRecord } from "../../remote-agent/src/protocol/records.ts";
import { demoConfig } from "../../remote-agent/src/recipes/demoConfig.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { createRun, type Installation, startSupervisor } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { differences } from "../support/sameRun.ts";
import { installationAt } from "./demo.ts";

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Record<string, unknown>) => void;
  readonly log: (line: string) => void;
}

const BUDGET = 0.05;
const engineDevice = z.enum(["auto", "cpu", "cuda"]);

export async function run({ args, emit, log }: Options): Promise<void> {
  const flag = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const seeds = (flag("--seeds") ?? "3").split(",").map(Number);
  const kept = flag("--home");
  const against = flag("--against");
  const home = kept === undefined ? await mkdtemp(path.join(tmpdir(), "rzero-bench-")) : path.resolve(kept);
  try {
    const installation = installationAt(home);
    await promisify(execFile)(process.execPath, [path.resolve(import.meta.dirname, "../../scripts/build.mjs")]);
    for (const seed of seeds) {
      const runDir = await demoRun(installation, seed, flag("--device"), log);
      const usage = await usageOf(runDir);
      emit({ bench: "overhead", case: `demo, seed ${seed}`, ...figures(usage), ...(await sameness(runDir, against)) });
    }
  } finally {
    if (kept === undefined) await rm(home, { recursive: true, force: true });
  }
}

async function demoRun(
  installation: Installation,
  seed: number,
  device: string | undefined,
  log: (line: string) => void,
): Promise<string> {
  const config = demoConfig(seed);
  if (device !== undefined) config.engine.device = engineDevice.parse(device);
  const model = await demoModel(installation, seed, () => undefined);
  const runDir = await createRun(installation, config, model, new Date());
  log(`seed ${seed}: ${runDir}`);
  const client = await startSupervisor(installation, runDir);
  await client.closed;
  const view = await readRunView(runDir);
  if (view.state !== "completed") throw new Error(`The demo of seed ${seed} ended as ${view.state}: ${view.reason}`);
  return runDir;
}

/** The usage of a run that had one owner from beginning to end. */
async function usageOf(runDir: string): Promise<UsageRecord> {
  const found: UsageRecord[] = [];
  for await (const { record } of readJournal(runDir)) {
    if (record.type === "usage") found.push(usageRecord.parse(record));
  }
  const [usage] = found;
  if (usage === undefined || found.length > 1) throw new Error(`${runDir} has ${found.length} usage records, not one.`);
  return usage;
}

function figures(usage: UsageRecord): Record<string, unknown> {
  const idle = usage.engineIdleSeconds ?? Number.NaN;
  const busy = usage.engineBusySeconds ?? Number.NaN;
  const share = idle / (idle + busy);
  const before = Object.entries(usage.engineIdleBefore ?? {}).sort(([, a], [, b]) => b - a);
  return {
    idle_share: share,
    within_budget: share <= BUDGET,
    idle_s: idle,
    busy_s: busy,
    idle_before_s: Object.fromEntries(before),
    agent_cpu_s: usage.agentCpuSeconds,
    engine_cpu_s: usage.engineCpuSeconds,
    wall_s: usage.wallSeconds,
  };
}

async function sameness(runDir: string, against: string | undefined): Promise<Record<string, unknown>> {
  if (against === undefined) return {};
  const found = await differences(path.resolve(against), runDir);
  return { differences: found.length, holds: found.length === 0, first_difference: found[0] ?? null };
}
