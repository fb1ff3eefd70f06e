import { rZero } from "../recipes/rZero.ts";
import { RunControl } from "../run/control.ts";
import { AgentLog } from "../run/logs/agentLog.ts";
import { supervise } from "../run/supervisor.ts";
import { findInstallation } from "./installation.ts";

/** EX_TEMPFAIL of sysexits.h: told to end before the run was over; started again, it goes on. For Slurm's requeue. */
const REQUEUE = 75;

/** The detached process that owns a run: `rzero supervise <run directory>`. It writes the run's agent log. */
export async function superviseCommand(runDir: string, env: NodeJS.ProcessEnv, mainUrl: string): Promise<number> {
  const { python, enginePackageDir } = await findInstallation(env, mainUrl);
  const control = new RunControl();
  for (const signal of ["SIGTERM", "SIGINT", "SIGUSR1", "SIGHUP"] as const) {
    process.on(signal, () => control.leave(`The supervisor was told to end (${signal}).`));
  }
  const agentLog = new AgentLog(runDir, Date.now);
  try {
    const outcome = await supervise(
      {
        runDir,
        python,
        enginePackageDir,
        recipe: rZero,
        engineToken: env["RZERO_ENGINE_TOKEN"] ?? "",
        log: (line, level) => agentLog.write(line, level),
      },
      control,
    );
    agentLog.write(`run ${outcome.state}${outcome.reason === null ? "" : `: ${outcome.reason}`}`);
    if (outcome.state === "interrupted") return REQUEUE;
    return outcome.state === "completed" || outcome.state === "stopped" ? 0 : 1;
  } finally {
    agentLog.close();
  }
}
