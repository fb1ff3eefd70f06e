import { setTimeout as delay } from "node:timers/promises";
import type { SlurmCommand } from "./command.ts";
import type { OwnJob } from "./inJob.ts";
import { parseQueue, type QueuedJob } from "./squeue.ts";

/** Why a job was told to end, and whether Slurm itself puts it back into the queue. */
export interface Why {
  code: "time_limit" | "preempted" | "cancelled";
  requeuedBySlurm: boolean;
}

const TRIES = 3;
const BETWEEN_MS = 1000;
/**
 * Jobs that have their nodes. `squeue` shows a flag instead of the state where there is one, and while the very signal that we ask about is
 * on its way that is SIGNALING.
 */
const atWork = new Set(["RUNNING", "SUSPENDED", "SIGNALING", "CONFIGURING", "RESIZING", "STOPPED"]);
/** Slurm looks at time limits once a minute or so, and may give notice so much too early. */
const EARLY_MS = 90_000;

/**
 * What a signal to the job means: the signal itself does not tell. When Slurm cannot be asked: the time limit for the notice that
 * was ordered (USR1), else a cancellation, after which nothing is put back against somebody's will.
 */
export async function whyTold(
  signal: NodeJS.Signals,
  job: OwnJob,
  slurm: SlurmCommand,
  now: () => number,
): Promise<Why> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await delay(BETWEEN_MS);
    const jobs = await slurm("squeue", ["--json"], 5000).then(parseQueue, () => null);
    const known = jobs?.find(({ id }) => id === job.id);
    if (known !== undefined) return meaning(known, job, now());
  }
  return { code: signal === "SIGUSR1" ? "time_limit" : "cancelled", requeuedBySlurm: false };
}

function meaning(
  { state, restarts, preemptedAt, endsAt, startsAt, limitMs }: QueuedJob,
  job: OwnJob,
  now: number,
): Why {
  if (!atWork.has(state)) {
    // Slurm has decided already: a job that will be started again has been counted.
    if (restarts > job.restart || state === "PREEMPTED")
      return { code: "preempted", requeuedBySlurm: restarts > job.restart };
    const over = state === "TIMEOUT" || (startsAt !== null && limitMs !== null && now - startsAt >= limitMs);
    return { code: over ? "time_limit" : "cancelled", requeuedBySlurm: false };
  }
  if (preemptedAt === null && endsAt !== null && endsAt - now <= job.noticeMs + EARLY_MS)
    return { code: "time_limit", requeuedBySlurm: false };
  return { code: "preempted", requeuedBySlurm: false };
}
