import { setTimeout as delay } from "node:timers/promises";
import type { ResolvedRun } from "../protocol/config.ts";
import type { Params, Result } from "../protocol/rpc.ts";
import { RunLocked } from "../run/journal/lock.ts";
import { recordResting } from "../run/restState.ts";
import { slurmCommand } from "../slurm/command.ts";
import { readJob, writeJob } from "../slurm/jobFiles.ts";
import { ownerGone } from "../slurm/ownerGone.ts";
import type { RunsJob } from "../slurm/runJob.ts";
import { NotPossible } from "./notPossible.ts";
import type { Steering } from "./steer.ts";

const CANCEL_MS = 30_000;

/**
 * Pauses, resumes or stops a run that is a batch job and whose supervisor could not be asked: a job that waits, is only being
 * started or does not answer is cancelled. Null: the job is over, and the run is like any that nobody works on.
 * @throws NotPossible; SlurmFailed
 */
export async function steerJob(
  what: Steering,
  { runDir, run }: { runDir: string; run: ResolvedRun },
  command: Omit<Params<"runs/pause">, "run">,
  { job }: RunsJob,
  env: NodeJS.ProcessEnv,
): Promise<Result<"runs/pause"> | null> {
  switch (job.state) {
    case "queued":
    case "requeued":
      if (what === "resume") throw new NotPossible(`Run ${run.id} is on its way: ${job.says}`);
      return cancel(runDir, job.id, { ...command, what }, env);
    case "running":
      // Its supervisor is only being started, or did not answer: a resumed run is at work anyway.
      if (what === "resume") throw new NotPossible(job.says);
      return cancel(runDir, job.id, { ...command, what }, env);
    case "ending":
      throw new NotPossible(`${job.says} Try again in a moment.`);
    case "unknown":
      throw new NotPossible(job.says);
    default:
      return null;
  }
}

async function cancel(
  runDir: string,
  job: string,
  command: { command: string; by: string; what: "pause" | "stop" },
  env: NodeJS.ProcessEnv,
): Promise<Result<"runs/pause">> {
  const slurm = slurmCommand(env);
  await slurm("scancel", [job]);
  const record = await readJob(runDir);
  if (record !== null && record.id === job)
    await writeJob(runDir, { ...record, ended: { state: "cancelled", at: Date.now() } });
  const claim = { isGone: (owner: Parameters<typeof ownerGone>[0]) => ownerGone(owner, slurm, null) };
  const giveUp = performance.now() + CANCEL_MS;
  for (;;) {
    try {
      return await recordResting(runDir, command, claim);
    } catch (error) {
      // It was started at the last moment and is saving what it has.
      if (!(error instanceof RunLocked) || performance.now() > giveUp) throw error;
      await delay(500);
    }
  }
}
