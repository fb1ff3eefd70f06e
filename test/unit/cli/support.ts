// Runs for the tests of the command line: views as a run leaves them, and run directories written with the real journal.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { onTestFinished } from "vitest";
import { run } from "../../../remote-agent/src/cli/program.ts";
import type { Screen, World } from "../../../remote-agent/src/cli/world.ts";
import type { ResolvedRun } from "../../../remote-agent/src/protocol/config.ts";
import type { RunRecord, Stored } from "../../../remote-agent/src/protocol/records.ts";
import { demoConfig } from "../../../remote-agent/src/recipes/demoConfig.ts";
import { Journal } from "../../../remote-agent/src/run/journal/journal.ts";
import { createRunDirectory } from "../../../remote-agent/src/run/runDir.ts";

export const T0 = Date.UTC(2026, 10, 22, 14, 30);
export const config = demoConfig(0);

/** Accuracies of an audit; the other figures follow from them. */
export interface Accuracies {
  mean: number;
  majority: number;
  greedy: number;
}

export const state = (
  name: "preparing" | "running" | "paused" | "failed" | "completed" | "stopped",
  reason: string | null = null,
  remedy: string | null = null,
): RunRecord => ({
  type: "state",
  state: name,
  reason,
  remedy,
});

export function stage(
  phase: "begin" | "end",
  iteration: number,
  name: string,
  seconds: number | null = null,
): RunRecord {
  const units = name === "challenger" ? 8 : name === "solver" ? 25 : 1;
  const engineSeconds = seconds === null ? null : seconds * 0.9;
  return {
    type: "stage",
    phase,
    key: stageKey(iteration, name),
    iteration,
    stage: name,
    units,
    seconds,
    engineSeconds,
  };
}

export function metric(
  iteration: number,
  name: string,
  step: number | null,
  values: Record<string, number | null | number[]>,
): RunRecord {
  const call = `${stageKey(iteration, name)}${step === null ? "" : `/step:${step}`}/metric:${name}`;
  return { type: "metric", id: ID, call, parents: [], name, iteration, stage: name, step, values };
}

export function audit(iteration: number, { mean, majority, greedy }: Accuracies): RunRecord[] {
  const difficulties = Array.from({ length: 23 }, (_, i) => i + 2);
  const values = {
    mean_at_k: mean,
    majority_at_k: majority,
    greedy,
    hard_mean_at_k: mean / 2,
    difficulties,
    mean_by_difficulty: difficulties.map((d) => Math.max(0, Math.min(1, mean * (1.8 - d / 15)))),
  };
  return [
    stage("begin", iteration, "audit"),
    metric(iteration, "audit", null, values),
    stage("end", iteration, "audit", 3.4),
  ];
}

export function challenger(iteration: number, steps = 8): RunRecord[] {
  const values = (step: number) => ({ reward: 0.28 + step / 100, difficulty: 8 + iteration, valid_share: 0.94 });
  return [
    stage("begin", iteration, "challenger"),
    ...Array.from({ length: steps }, (_, i) => metric(iteration, "challenger", i + 1, values(i + 1))),
    ...(steps === 8 ? [stage("end", iteration, "challenger", 18)] : []),
  ];
}

export function curriculum(iteration: number, labelAccuracy = 0.84): RunRecord[] {
  const values = {
    questions: 1000,
    valid_share: 0.95,
    kept: 312,
    kept_share: 0.312,
    difficulty: 9 + iteration,
    kept_difficulty: 10 + iteration,
    kept_label_accuracy: labelAccuracy,
    share_histogram: [0, 3, 12, 44, 71, 83, 92, 108, 141, 160, 236],
  };
  return [
    stage("begin", iteration, "curriculum"),
    metric(iteration, "curriculum", null, values),
    stage("end", iteration, "curriculum", 11.5),
  ];
}

export function solver(iteration: number, steps = 25): RunRecord[] {
  return [
    stage("begin", iteration, "solver"),
    ...Array.from({ length: steps }, (_, i) =>
      metric(iteration, "solver", i + 1, { reward: 0.6 + i / 200, groups: 43 }),
    ),
    ...(steps === 25 ? [stage("end", iteration, "solver", 52)] : []),
  ];
}

export const accuracies: Accuracies[] = [
  { mean: 0.492, majority: 0.709, greedy: 0.844 },
  { mean: 0.658, majority: 0.806, greedy: 0.848 },
  { mean: 0.716, majority: 0.823, greedy: 0.841 },
  { mean: 0.743, majority: 0.841, greedy: 0.848 },
];

/** A whole run of the demo; accuracies of the base model and of each iteration. */
export function wholeRun(by: Accuracies[] = accuracies, labels = [0.88, 0.64, 0.38]): RunRecord[] {
  const [base, ...rest] = by;
  return [
    state("preparing"),
    state("running"),
    ...audit(0, base as Accuracies),
    ...rest.flatMap((accuracy, i) => [
      ...challenger(i + 1),
      ...curriculum(i + 1, labels[i]),
      ...solver(i + 1),
      ...audit(i + 1, accuracy),
    ]),
    state("completed"),
    {
      type: "usage",
      agentCpuSeconds: 31.2,
      engineCpuSeconds: 210,
      wallSeconds: 260.4,
      engineIdleSeconds: 24,
      engineBusySeconds: 230,
    },
  ];
}

/** Records as the journal stores them, one a second. */
export function stored(records: RunRecord[]): Stored<RunRecord>[] {
  return records.map((record, i) => ({ v: 1, seq: i + 1, epoch: 1, t: T0 + 1000 * i, ...record }));
}

export async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), "rzero-cli-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** A run directory under `home` whose journal holds these records. */
export async function writeRun(home: string, id: string, records: RunRecord[]): Promise<string> {
  const resolved: ResolvedRun = {
    id,
    createdAt: new Date(T0).toISOString(),
    config,
    modelDir: "/models/base",
    identity: { agent: "source", engine: "0", model: "0" },
  };
  const directory = await createRunDirectory(home, resolved);
  if (records.length === 0) return directory;
  let now = T0;
  const { journal } = await Journal.open(directory, {
    epoch: 1,
    clock: () => now,
    groupCommitMs: 1,
    fence: async () => undefined,
    ballastBytes: 0,
    onEvent: () => undefined,
  });
  const written = records.map((record) => {
    const appended = journal.append([record], { durable: false });
    now += 1000;
    return appended;
  });
  await Promise.all(written);
  await journal.close();
  return directory;
}

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs the command line in this process, with streams instead of a terminal; `input` is what stdin holds. */
export async function rzero(home: string, args: string[], env: NodeJS.ProcessEnv = {}, input?: string): Promise<Ran> {
  const stdin = new PassThrough();
  if (input !== undefined) stdin.end(input);
  const [stdout, stderr] = [captured(), captured()];
  const world: World = {
    env: { RZERO_HOME: home, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home, ...env },
    mainUrl: new URL("../../../remote-agent/src/cli.ts", import.meta.url).href,
    program: "rzero",
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    now: () => T0 + 60_000,
    availableMemory: () => 16 * 2 ** 30,
    onInterrupt: () => () => undefined,
  };
  const code = await run(["node", "rzero", ...args], world);
  return { code, out: stdout.text(), err: stderr.text() };
}

function captured(): { stream: Screen; text(): string } {
  const stream = new PassThrough();
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return { stream, text: () => text };
}

const ID = "0".repeat(24);

function stageKey(iteration: number, name: string): string {
  return iteration === 0 ? name : `iteration:${iteration}/${name}`;
}
