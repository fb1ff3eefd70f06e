/**
 * The demo over three seeds with its controls beside it: does the loop learn, and what of it is the Challenger's, the
 * majority vote's, or mere sharpening? Every arm is a real run of agent and engine.
 *
 *   npm run bench -- demo [--json] [--seeds 0,1,2] [--arms r-zero,…] [--jobs 2] [--home DIR] [--baseline]
 *
 * With --home the runs are kept, and a bench that was cut short goes on where it was. --baseline also runs the bare torch
 * loop without agent and engine (demo.baseline.py) on each seed and reports the ratio of CPU times.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { demoModel } from "../../remote-agent/src/cli/demoModel.ts";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import type { RunView } from "../../remote-agent/src/protocol/runView.ts";
import { demoConfig } from "../../remote-agent/src/recipes/demoConfig.ts";
import { createRun, type Installation, startSupervisor } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Record<string, unknown>) => void;
  readonly log: (line: string) => void;
}

/** Each arm changes one thing. Every control has a gradient. */
const arms: Record<string, (config: RunConfig) => void> = {
  "r-zero": () => undefined,
  "untrained challenger, equal N": (config) => {
    config.challenger.steps = 0;
  },
  "untrained challenger, equal kept": (config) => {
    config.challenger.steps = 0;
    config.curriculum.questions = 4000;
  },
  "one random sample as label": (config) => {
    config.curriculum.label = "sample";
  },
  "true labels": (config) => {
    config.curriculum.label = "truth";
  },
};

/** mean@8 of the seeds' mean by iteration as the design's script reached it, the least of its three seeds, and its CPU seconds. */
const scriptSpread = { finalMean: 0.743, leastFinal: 0.682, cpuSeconds: 153 };

interface Result {
  arm: string;
  seed: number;
  audits: Record<string, number[]>;
  curricula: Record<string, number[]>;
  cpuSeconds: number;
  wallSeconds: number;
  idleShare: number | null;
}

export async function run({ args, emit, log }: Options): Promise<void> {
  const flag = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const seeds = (flag("--seeds") ?? "0,1,2").split(",").map(Number);
  const chosen = flag("--arms")?.split(",") ?? Object.keys(arms);
  const jobs = Number(flag("--jobs") ?? 2);
  const kept = flag("--home");
  const home = kept === undefined ? await mkdtemp(path.join(tmpdir(), "rzero-bench-")) : path.resolve(kept);
  try {
    const installation = installationAt(home);
    await promisify(execFile)(process.execPath, [path.resolve(import.meta.dirname, "../../scripts/build.mjs")]);
    const queue = chosen.flatMap((arm) => seeds.map((seed) => ({ arm, seed })));
    const results: Result[] = [];
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const result = await measured(installation, next.arm, next.seed, log);
        results.push(result);
        emit({ bench: "demo", case: `${result.arm}, seed ${result.seed}`, ...figures(result) });
      }
    };
    const bases = seeds.map((seed) => demoModel(installation, seed, () => undefined));
    await Promise.all(bases);
    await Promise.all(Array.from({ length: jobs }, worker));
    for (const arm of chosen)
      emit({
        bench: "demo",
        case: `${arm}, mean of ${seeds.length}`,
        ...meanFigures(results.filter((r) => r.arm === arm)),
      });
    if (args.includes("--baseline")) {
      for (const seed of seeds)
        emit(
          await baselineRow(
            installation,
            seed,
            results.find((r) => r.arm === "r-zero" && r.seed === seed),
            log,
          ),
        );
    }
    emit(verdict(results.filter((r) => r.arm === "r-zero")));
  } finally {
    if (kept === undefined) await rm(home, { recursive: true, force: true });
  }
}

export function installationAt(home: string): Installation {
  const python = process.env["RZERO_PYTHON"];
  if (python === undefined) throw new Error("RZERO_PYTHON is not set: use `npm run bench -- demo`, which sets it.");
  const root = path.resolve(import.meta.dirname, "../..");
  return {
    home,
    agent: { bundle: path.join(root, "dist/agent") },
    enginePackageDir: path.join(root, "remote-agent/engine"),
    python,
    env: process.env,
  };
}

async function measured(
  installation: Installation,
  arm: string,
  seed: number,
  log: (line: string) => void,
): Promise<Result> {
  const change = arms[arm];
  if (change === undefined) throw new Error(`There is no arm '${arm}'. Arms: ${Object.keys(arms).join(", ")}.`);
  const config = demoConfig(seed);
  change(config);
  config.name = `${Object.keys(arms).indexOf(arm)}-${arm.replace(/[^a-z]+/g, "-").slice(0, 40)}-${seed}`;
  const model = await demoModel(installation, seed, () => undefined);
  const runDir =
    (await earlierRun(installation.home, config.name)) ?? (await createRun(installation, config, model, new Date()));
  if ((await viewOf(runDir))?.state !== "completed") {
    log(`${arm}, seed ${seed}: ${runDir}`);
    const client = await startSupervisor(installation, runDir);
    await client.closed;
  }
  const view = await readRunView(runDir);
  if (view.state !== "completed") throw new Error(`${arm}, seed ${seed} ended as ${view.state}: ${view.reason}`);
  return resultOf(arm, seed, view, config.iterations);
}

async function earlierRun(home: string, name: string): Promise<string | null> {
  const folder = path.join(home, "runs");
  for (const id of await readdir(folder).catch(() => [])) {
    if ((await readRun(path.join(folder, id))).config.name === name) return path.join(folder, id);
  }
  return null;
}

function viewOf(runDir: string): Promise<RunView | null> {
  return readRunView(runDir).catch(() => null); // no journal yet
}

function resultOf(arm: string, seed: number, view: RunView, iterations: number): Result {
  const series = (name: string, field: string, from: number) =>
    Array.from({ length: iterations + 1 - from }, (_, i) =>
      Number(view.metrics[`${i + from}/${name}`]?.[field] ?? Number.NaN),
    );
  const { agentCpuSeconds, engineCpuSeconds, wallSeconds, engineIdleSeconds, engineBusySeconds } = view.usage;
  return {
    arm,
    seed,
    audits: Object.fromEntries(
      ["mean_at_k", "majority_at_k", "greedy", "hard_mean_at_k"].map((f) => [f, series("audit", f, 0)]),
    ),
    curricula: Object.fromEntries(
      ["difficulty", "kept", "kept_difficulty", "kept_label_accuracy", "valid_share"].map((f) => [
        f,
        series("curriculum", f, 1),
      ]),
    ),
    cpuSeconds: agentCpuSeconds + engineCpuSeconds,
    wallSeconds,
    idleShare: engineBusySeconds === 0 ? null : engineIdleSeconds / (engineIdleSeconds + engineBusySeconds),
  };
}

function figures({ audits, curricula, cpuSeconds, wallSeconds, idleShare }: Result): Record<string, unknown> {
  const rounded = (values: number[]) => values.map((value) => Math.round(value * 1000) / 1000);
  const lists = Object.entries({ ...audits, ...curricula }).map(([name, values]) => [name, rounded(values)]);
  return {
    ...Object.fromEntries(lists),
    cpu_s: Math.round(cpuSeconds),
    wall_s: Math.round(wallSeconds),
    engine_idle_share: idleShare,
  };
}

function meanFigures(results: Result[]): Record<string, unknown> {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const across = (pick: (result: Result) => Record<string, number[]>) =>
    Object.fromEntries(
      Object.keys(pick(results[0] as Result)).map((name) => {
        const lists = results.map((result) => pick(result)[name] as number[]);
        return [name, (lists[0] as number[]).map((_, i) => mean(lists.map((list) => list[i] as number)))];
      }),
    );
  return figures({
    arm: "",
    seed: -1,
    audits: across((result) => result.audits),
    curricula: across((result) => result.curricula),
    cpuSeconds: mean(results.map((result) => result.cpuSeconds)),
    wallSeconds: mean(results.map((result) => result.wallSeconds)),
    idleShare: mean(results.map((result) => result.idleShare ?? 0)),
  });
}

/** What the demo promises, checked on the arm `r-zero`. */
function verdict(results: Result[]): Record<string, unknown> {
  const rises = (values: number[]) => values.every((value, i) => i === 0 || value > (values[i - 1] as number));
  const all = meanFigures(results) as Record<string, number[]>;
  const meanRises = rises(all["mean_at_k"] as number[]);
  const majorityRises = rises(all["majority_at_k"] as number[]);
  const everySeed = results.every((result) => rises(result.audits["mean_at_k"] as number[]));
  const cpu = results.reduce((total, result) => total + result.cpuSeconds, 0) / results.length;
  const finals = results.map((result) => result.audits["mean_at_k"]?.at(-1) ?? 0);
  return {
    bench: "demo",
    case: "what the demo promises",
    mean_at_8_rises_on_the_mean: meanRises,
    majority_at_8_rises_on_the_mean: majorityRises,
    mean_at_8_rises_in_every_seed: everySeed,
    least_final_mean_at_8: Math.min(...finals),
    within_or_above_spread: Math.min(...finals) >= scriptSpread.leastFinal,
    cpu_ratio_to_script: cpu / scriptSpread.cpuSeconds,
    holds:
      meanRises &&
      majorityRises &&
      everySeed &&
      Math.min(...finals) >= scriptSpread.leastFinal &&
      cpu <= 1.5 * scriptSpread.cpuSeconds,
  };
}

const baselineResult = z.object({
  mean_at_k: z.array(z.number()),
  majority_at_k: z.array(z.number()),
  greedy: z.array(z.number()),
  cpu_s: z.number(),
  sample_s: z.number(),
  train_s: z.number(),
});

async function baselineRow(
  installation: Installation,
  seed: number,
  ours: Result | undefined,
  log: (line: string) => void,
): Promise<Record<string, unknown>> {
  log(`bare torch loop, seed ${seed}`);
  const model = await demoModel(installation, seed, () => undefined);
  const script = path.join(import.meta.dirname, "demo.baseline.py");
  const env = { ...process.env, PYTHONPATH: installation.enginePackageDir, OMP_NUM_THREADS: "1" };
  const { stdout } = await promisify(execFile)(
    installation.python,
    [script, "--model", model, "--seed", String(seed)],
    {
      env,
      timeout: 30 * 60_000,
      maxBuffer: 2 ** 26,
    },
  );
  const baseline = baselineResult.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
  return {
    bench: "demo",
    case: `bare torch loop, seed ${seed}`,
    ...baseline,
    ...(ours === undefined
      ? {}
      : { cpu_ratio: ours.cpuSeconds / baseline.cpu_s, within_budget: ours.cpuSeconds <= 1.5 * baseline.cpu_s }),
  };
}
