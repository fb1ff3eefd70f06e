import { rZero } from "../recipes/rZero.ts";
import { RunControl } from "../run/control.ts";
import { AgentLog } from "../run/logs/agentLog.ts";
import type { Outcome } from "../run/outcome.ts";
import { supervise } from "../run/supervisor.ts";
import { ownJob } from "../slurm/inJob.ts";
import { findInstallation } from "./installation.ts";
import { narration } from "./narrate.ts";
import { superviseInJob } from "./superviseInJob.ts";

/** EX_TEMPFAIL of sysexits.h: told to end before the run was over; started again, it goes on. */
const REQUEUE = 75;

/** The detached process that owns a run: `rzero supervise <run directory>`. It writes the run's agent log. */
export async function superviseCommand(runDir: string, env: NodeJS.ProcessEnv, mainUrl: string): Promise<number> {
  const { python, enginePackageDir } = await findInstallation(env, mainUrl);
  const job = ownJob(env);
  const control = new RunControl(undefined, { pauseEnds: job !== null });
  let told: (signal: NodeJS.Signals) => void = (signal) => control.leave(`The supervisor was told to end (${signal}).`);
  for (const signal of ["SIGTERM", "SIGINT", "SIGUSR1", "SIGHUP"] as const) process.on(signal, () => told(signal));
  const agentLog = new AgentLog(runDir, Date.now);
  const options = {
    runDir,
    python,
    enginePackageDir,
    recipe: rZero,
    engineToken: env["RZERO_ENGINE_TOKEN"] ?? "",
    log: agentLog.write.bind(agentLog),
    narration,
  };
  try {
    const outcome: Outcome =
      job === null
        ? await supervise(options, control)
        : await superviseInJob({ options, control, job, env, onTold: (listener) => (told = listener) });
    // A job says by itself whether it goes back into the queue; to Slurm it is done, not failed.
    if (outcome.state === "interrupted") return job === null ? REQUEUE : 0;
    return outcome.state === "completed" || outcome.state === "stopped" ? 0 : 1;
  } finally {
    agentLog.close();
  }
}
