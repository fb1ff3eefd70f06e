import { afterAll, afterEach, beforeAll } from "vitest";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { readOwner } from "../../remote-agent/src/slurm/jobFiles.ts";
import type { ScriptedEngine } from "./scriptedEngine.ts";
import { type SlurmHost, slurmHost, until } from "./slurmRuns.ts";

/** A cluster for the tests of a file, with a run that nothing disturbed; of a test that failed it tells what is known. */
export function onCluster(made: (cluster: { host: SlurmHost; undisturbed: string }) => void): void {
  let host: SlurmHost | undefined;
  beforeAll(async () => {
    host = await slurmHost();
    made({ host, undisturbed: await undisturbedRun(host) });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") console.error(await host?.told());
    await host?.clear();
  });
  afterAll(() => host?.stop());
}

/** A run to which nothing happens: what the others are compared with. @returns its directory */
async function undisturbedRun(host: SlurmHost): Promise<string> {
  const engine = await host.engine();
  const run = await host.newRun(engine);
  await host.submit(run, engine);
  await completed(run);
  await host.clear();
  return run;
}

export async function completed(run: string): Promise<void> {
  await until("it is completed", async () => (await readRunView(run)).state === "completed");
}

/** An engine whose training takes seconds a step, so that a run is still in it when something happens. */
export async function slowEngine(host: SlurmHost, ms = 10_000): Promise<ScriptedEngine> {
  const engine = await host.engine();
  engine.fail("forward_backward", { kind: "slow", ms }, 10_000);
  return engine;
}

/** A run that is in the middle of its training, as a job. */
export async function trainingJob(host: SlurmHost, engine: ScriptedEngine, settings: Record<string, unknown> = {}) {
  const run = await host.newRun(engine);
  const job = await host.submit(run, engine, settings);
  await until("it trains", () => engine.callsOf("optim_step").length > 0);
  const owner = await readOwner(run);
  return { run, job, node: owner?.node ?? "" };
}

/** Epochs of a run's records, in their order. */
export async function epochs(run: string): Promise<number[]> {
  const all: number[] = [];
  for await (const { record } of readJournal(run)) all.push(record.epoch);
  return all;
}
