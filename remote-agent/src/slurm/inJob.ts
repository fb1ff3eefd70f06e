import { hostname } from "node:os";
import * as z from "zod";

/** Tells a supervisor that it is a batch job, and what was set for it. */
export const inJobVariable = "RZERO_SLURM_JOB";

const given = z.object({ notice: z.number(), requeue: z.boolean() });

/** The job that this process is. */
export interface OwnJob {
  id: string;
  /** How often Slurm has put it back into the queue. */
  restart: number;
  node: string;
  noticeMs: number;
  /** Whether the run goes on by itself after its time limit. */
  requeue: boolean;
}

/** The batch job that this process is; null when it is none of ours (somebody's interactive allocation, no Slurm at all). */
export function ownJob(env: NodeJS.ProcessEnv): OwnJob | null {
  const id = env["SLURM_JOB_ID"];
  const text = env[inJobVariable];
  if (id === undefined || text === undefined) return null;
  const { notice, requeue } = given.parse(JSON.parse(text));
  return {
    id,
    restart: Number(env["SLURM_RESTART_COUNT"] ?? 0),
    node: env["SLURMD_NODENAME"] ?? hostname(),
    noticeMs: notice * 1000,
    requeue,
  };
}
