import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";
import type { SupervisorOptions } from "../run/context.ts";
import type { RunControl } from "../run/control.ts";
import { RunLocked } from "../run/journal/lock.ts";
import type { Outcome } from "../run/outcome.ts";
import { supervise } from "../run/supervisor.ts";
import { slurmCommand } from "../slurm/command.ts";
import { JobCompanion, type leaveParams } from "../slurm/companion.ts";
import type { OwnJob } from "../slurm/inJob.ts";
import { post } from "../slurm/mailbox.ts";
import { ownerGone } from "../slurm/ownerGone.ts";

/** How long an earlier start of the same job, which still lives, may take to save and leave. */
const HAND_OVER_MS = 15 * 60_000;
const AGAIN_MS = 2000;

interface InJob {
  options: SupervisorOptions;
  control: RunControl;
  job: OwnJob;
  env: NodeJS.ProcessEnv;
  onTold: (listener: (signal: NodeJS.Signals) => void) => void;
}

/**
 * Owns a run as a batch job. When only Slurm's daemon of a node died, the processes of the job live on there while Slurm starts
 * the job again elsewhere: the earlier ones are asked to save and hand the run over, and are fenced off if they do not answer.
 * @throws RunLocked when somebody else has the run, or does not let go of it
 */
export async function superviseInJob({ options, control, job, env, onTold }: InJob): Promise<Outcome> {
  const { runDir, log } = options;
  const slurm = slurmCommand(env);
  const companion = new JobCompanion({ runDir, job, control, slurm, env, now: Date.now, log });
  onTold((signal) => companion.told(signal));
  const claim = {
    slurm: { job: job.id, node: job.node, restart: job.restart },
    isGone: (owner: Parameters<typeof ownerGone>[0]) => ownerGone(owner, slurm, job),
  };
  const giveUp = performance.now() + HAND_OVER_MS;
  let asked = false;
  for (;;) {
    try {
      return await supervise({ ...options, claim, companion }, control);
    } catch (error) {
      const mine = error instanceof RunLocked && error.owner?.slurm?.job === job.id;
      if (!mine || performance.now() > giveUp) throw error;
      if (control.signal.aborted) {
        const reason = "The job was told to end before it owned the run.";
        log(reason);
        return { state: "interrupted", reason };
      }
      const params: z.infer<typeof leaveParams> = { job: job.id, restart: job.restart };
      if (!asked) await post(runDir, { method: "leave", params, at: Date.now() });
      asked = true;
      await delay(AGAIN_MS);
    }
  }
}
