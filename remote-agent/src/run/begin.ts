import type { SlurmSettings } from "../protocol/slurm.ts";
import { slurmCommand } from "../slurm/command.ts";
import { slurmOf } from "../slurm/hostSettings.ts";
import { inJobVariable } from "../slurm/inJob.ts";
import { readJob } from "../slurm/jobFiles.ts";
import { submitRun } from "../slurm/submit.ts";
import { type Installation, startSupervisor, supervisorCommand } from "./launch.ts";
import type { RpcClient } from "./rpcPeer.ts";
import { readRun } from "./runDir.ts";

/**
 * Starts or resumes a run where this host's settings say: as a process of its own here, to which a connection is answered, or
 * as a batch job of Slurm, which waits in the queue first: null.
 * @throws SupervisorFailed; SlurmFailed; TemplateInvalid; SlurmSettingsInvalid
 */
export async function beginRun(installation: Installation, runDir: string): Promise<RpcClient | null> {
  const settings = await slurmFor(installation, runDir);
  if (settings === null) return startSupervisor(installation, runDir);
  const run = await readRun(runDir);
  const { program, args, environment } = await supervisorCommand(installation, run, runDir);
  const { notice, requeue } = settings;
  await submitRun(
    {
      run: run.id,
      runDir,
      settings,
      program,
      args,
      environment: { ...environment, [inJobVariable]: JSON.stringify({ notice, requeue }) },
    },
    slurmCommand(installation.env),
    Date.now,
  );
  return null;
}

/** How this host's settings want a run to become a job; where they say nothing, as it was submitted before. */
export async function slurmFor(
  { env, home }: Pick<Installation, "env" | "home">,
  runDir: string | null,
): Promise<SlurmSettings | null> {
  const set = await slurmOf(env, home);
  if (set !== undefined) return set;
  return runDir === null ? null : ((await readJob(runDir))?.settings ?? null);
}
