import { mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { jobState, slurmSettings } from "../protocol/slurm.ts";
import { writeDerived } from "../run/runDir.ts";

/** What the login node knows of a run's newest job (`slurm/job.json` in the run's directory). */
export const jobRecord = z.object({
  id: z.string(),
  submittedAt: z.number(),
  settings: slurmSettings,
  /** How the run's agent is called on its node. */
  program: z.array(z.string()),
  /** How it ended, kept because Slurm forgets ended jobs after minutes. */
  ended: z.object({ state: jobState, at: z.number() }).nullable(),
});
export type JobRecord = z.infer<typeof jobRecord>;

/** What a supervisor in a job says of itself every few seconds (`slurm/owner.json`). */
export const jobOwner = z.object({
  job: z.string(),
  restart: z.number().int(),
  node: z.string(),
  pid: z.number().int(),
  /** Its unix socket, on its node. */
  socket: z.string(),
  at: z.number(),
  /** Records up to here are durable: what a reader of the files may show. */
  durableSeq: z.number().int(),
  /** Why it left in good order; null while it is at work, or when it ended without a word. */
  farewell: z
    .object({ code: z.enum(["time_limit", "preempted", "cancelled", "paused", "ended"]), message: z.string() })
    .nullable(),
});
export type JobOwner = z.infer<typeof jobOwner>;

export function slurmFolder(runDir: string): string {
  return path.join(runDir, "slurm");
}

export async function readJob(runDir: string): Promise<JobRecord | null> {
  return read(path.join(slurmFolder(runDir), "job.json"), jobRecord);
}

export async function writeJob(runDir: string, job: JobRecord): Promise<void> {
  await mkdir(slurmFolder(runDir), { recursive: true, mode: 0o700 });
  await writeDerived(path.join(slurmFolder(runDir), "job.json"), job);
}

export async function readOwner(runDir: string): Promise<JobOwner | null> {
  return read(path.join(slurmFolder(runDir), "owner.json"), jobOwner);
}

export async function writeOwner(runDir: string, owner: JobOwner): Promise<void> {
  await mkdir(slurmFolder(runDir), { recursive: true, mode: 0o700 });
  await writeDerived(path.join(slurmFolder(runDir), "owner.json"), owner);
}

/** Null when it is not there or not ours: what it says is derived from elsewhere, or the run never was a job. */
async function read<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null;
  }
}

/** Whether a run was ever handed to Slurm; costs one look at the directory. */
export async function isSlurmRun(runDir: string): Promise<boolean> {
  return stat(slurmFolder(runDir)).then(
    () => true,
    () => false,
  );
}
