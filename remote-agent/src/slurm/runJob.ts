import { readFile } from "node:fs/promises";
import { type RunView, runView } from "../protocol/runView.ts";
import type { RunJob } from "../protocol/slurm.ts";
import { viewFile } from "./companion.ts";
import { type JobOwner, readJob, readOwner, writeJob } from "./jobFiles.ts";
import { isOver, runJobOf } from "./jobState.ts";
import type { QueueAnswer } from "./queue.ts";

export interface RunsJob {
  job: RunJob;
  /** The supervisor that works on the run as that job; null while it waits, and after it has left. */
  owner: JobOwner | null;
}

/**
 * The batch job of a run, or null where it never was one. Slurm is asked only while the job is not over; how it ended is kept,
 * since Slurm forgets it after minutes.
 */
export async function runsJob(
  runDir: string,
  queue: () => Promise<QueueAnswer>,
  now: () => number,
): Promise<RunsJob | null> {
  const record = await readJob(runDir);
  if (record === null) return null;
  const answer = record.ended === null ? await queue() : { at: 0, jobs: new Map(), error: null };
  const said = await readOwner(runDir);
  const job = runJobOf(record, { queue: answer, owner: said, now: now() });
  if (record.ended === null && isOver(job.state))
    await writeJob(runDir, { ...record, ended: { state: job.state, at: now() } }).catch(() => undefined); // asked again
  return { job, owner: job.state === "running" || job.state === "unknown" ? atWork(said, job) : null };
}

function atWork(said: JobOwner | null, job: RunJob): JobOwner | null {
  return said !== null && said.job === job.id && said.farewell === null && said.restart >= job.restarts ? said : null;
}

/** A run as its supervisor on another node sees it, at most a few seconds old. */
export async function shownView(runDir: string): Promise<RunView | null> {
  try {
    return runView.parse(JSON.parse(await readFile(viewFile(runDir), "utf8")));
  } catch {
    return null; // not written yet, or of another version: the journal has it all
  }
}
