import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RunSummary } from "../protocol/rpc.ts";
import { type RunView, runView } from "../protocol/runView.ts";
import { annotationSummaryOf } from "../run/annotations.ts";
import { cachedRunView } from "../run/index/viewCache.ts";
import type { ReadView } from "../run/index/viewReads.ts";
import { attach } from "../run/launch.ts";
import { foreignOriginOf } from "../run/origin.ts";
import { type Asker, RpcClient } from "../run/rpcPeer.ts";
import { findRun, NoSuchRun, readRun, rzeroHome } from "../run/runDir.ts";
import { openBridge } from "../slurm/bridge.ts";
import { slurmCommand } from "../slurm/command.ts";
import { readJob } from "../slurm/jobFiles.ts";
import { MailClient } from "../slurm/mailbox.ts";
import { queueOf } from "../slurm/queue.ts";
import { type RunsJob, runsJob, shownView } from "../slurm/runJob.ts";
import { stagePlan } from "./plan.ts";
import type { World } from "./world.ts";

type ReadsView = (runDir: string) => Promise<ReadView>;

/** A supervisor that does not answer in this time is shown from what it has written. */
const ANSWER_MS = 5000;
/** Before something is asked of a run, Slurm is asked again unless it just was. */
const FRESH_MS = 2000;

/** The run a person names: a whole id, a part that fits one run, `last`, or a path. @throws NoSuchRun */
export async function openNamed(
  { env }: Pick<World, "env">,
  name: string,
): Promise<{ runDir: string; run: ResolvedRun }> {
  const runDir = await findRun(rzeroHome(env), name);
  try {
    return { runDir, run: await readRun(runDir) };
  } catch (error) {
    const missing = error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code));
    throw missing ? new NoSuchRun(`${runDir} is no run: it has no run.yaml.`) : error;
  }
}

/**
 * Connects to a run's supervisor for the time of `work`; null is given when there is none. One that is a batch job on another
 * node is asked by files.
 */
export async function withSupervisor<T>(
  env: NodeJS.ProcessEnv,
  runDir: string,
  work: (client: Asker | null) => Promise<T>,
): Promise<T> {
  const client: Asker | null = (await attach(runDir, env)) ?? (await mailClient(env, runDir));
  try {
    return await work(client);
  } finally {
    client?.close();
  }
}

/** As `withSupervisor`, for what is answered by notifications as well: files carry none, so it takes a connection. */
export async function withConnection<T>(
  env: NodeJS.ProcessEnv,
  runDir: string,
  work: (client: RpcClient | null) => Promise<T>,
): Promise<T> {
  const client = (await attach(runDir, env)) ?? (await bridgeTo(env, runDir));
  try {
    return await work(client);
  } finally {
    client?.close();
  }
}

/** A connection to a supervisor that is a batch job on another node; null where there is none, or the cluster allows none. */
export async function bridgeTo(env: NodeJS.ProcessEnv, runDir: string): Promise<RpcClient | null> {
  const found = await jobOfRun(env, runDir, FRESH_MS);
  const record = await readJob(runDir);
  if (found?.owner == null || record === null || !record.settings.srun) return null;
  const stream = await openBridge(found.owner, record.program, env);
  return stream === null ? null : new RpcClient(stream);
}

async function mailClient(env: NodeJS.ProcessEnv, runDir: string): Promise<MailClient | null> {
  const found = await jobOfRun(env, runDir, FRESH_MS);
  return found?.owner == null ? null : new MailClient(runDir, Date.now);
}

/**
 * What is known of a run: from its supervisor when it has one, else from what lies on the disk. `readView` reads its journal
 * where that has to be; without one it is waited for.
 */
export async function summaryOf(
  env: NodeJS.ProcessEnv,
  runDir: string,
  run: ResolvedRun,
  readView: ReadsView = async (directory) => ({ view: await cachedRunView(directory, env), reading: null }),
): Promise<RunSummary> {
  const client = await attach(runDir, env);
  try {
    const answer = await client?.request("runs/show", { run: run.id }, ANSWER_MS).catch(() => null);
    // The socket of a process that is being killed may still take connections: one that hung up is not there any more.
    const isThere = client !== null && (answer != null || !(await client.hungUp()));
    const found = await jobOfRun(env, runDir);
    const job = found === null ? {} : { job: found.job };
    const beside = { annotations: await annotationSummaryOf(runDir), origin: await foreignOriginOf(runDir) };
    const plan = () => stagePlan(run.config);
    if (answer != null) return { ...answer, ...job, ...beside, plan: plan() };
    const { id, config, createdAt } = run;
    const about = { id, name: config.name, directory: runDir, createdAt, ...job, ...beside };
    const elsewhere = found?.owner == null ? null : await shownView(runDir);
    if (!isThere && elsewhere !== null) return { ...about, view: elsewhere, live: true, plan: plan() };
    const { view, reading } = (await writtenView(runDir, isThere)) ?? (await readView(runDir));
    return { ...about, view, live: isThere, ...(reading === null ? {} : { reading }) };
  } finally {
    client?.close();
  }
}

/** The batch job of a run; null where it never was one. */
export async function jobOfRun(env: NodeJS.ProcessEnv, runDir: string, maxAgeMs?: number): Promise<RunsJob | null> {
  const ports = { home: rzeroHome(env), command: slurmCommand(env), now: Date.now };
  return runsJob(runDir, () => queueOf(ports, maxAgeMs), Date.now);
}

/** A command's identity, so that sending it twice does it once. */
export function newCommand(): { command: string; by: string } {
  return { command: randomUUID(), by: "cli" };
}

/** What the supervisor wrote, which it does when it ends; null where the journal knows more. */
async function writtenView(runDir: string, live: boolean): Promise<ReadView | null> {
  const view = await readSummary(runDir);
  const isNewest = view !== null && (live || ["completed", "failed", "stopped", "paused"].includes(view.state));
  return isNewest ? { view, reading: null } : null;
}

async function readSummary(runDir: string): Promise<RunView | null> {
  try {
    return runView.parse(JSON.parse(await readFile(path.join(runDir, "summary.json"), "utf8")));
  } catch {
    return null; // missing or of another version: it is derived, the journal has it all
  }
}
