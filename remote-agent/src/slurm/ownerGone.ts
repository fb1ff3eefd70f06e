import type { Owner } from "../run/journal/lockFile.ts";
import type { SlurmCommand } from "./command.ts";
import type { OwnJob } from "./inJob.ts";
import { parseQueue } from "./squeue.ts";

/**
 * Whether Slurm says that an owner elsewhere, which has given no sign of life, is gone: its job does not run on its node any
 * more. Owners that were no job are believed to be gone. `me` is the job that asks.
 * @throws SlurmFailed where Slurm cannot be asked: nothing is taken from an owner of which nobody knows
 */
export async function ownerGone(owner: Owner, slurm: SlurmCommand, me: OwnJob | null): Promise<boolean> {
  const { slurm: place } = owner;
  if (place === undefined) return true;
  // Slurm started us in its place.
  if (me !== null && me.id === place.job && me.restart > place.restart) return true;
  const job = parseQueue(await slurm("squeue", ["--json"])).find(({ id }) => id === place.job);
  if (job === undefined || job.restarts > place.restart) return true;
  return !["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING"].includes(job.state) || job.node !== place.node;
}
