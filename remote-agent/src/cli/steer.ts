import type { ResolvedRun } from "../protocol/config.ts";
import type { Params, Result } from "../protocol/rpc.ts";
import { beginRun } from "../run/begin.ts";
import type { Installation } from "../run/launch.ts";
import { NoAnswer } from "../slurm/mailbox.ts";
import { jobOfRun, summaryOf, withSupervisor } from "./connect.ts";
import { NotPossible } from "./notPossible.ts";
import { steerJob } from "./steerJob.ts";

/** Before a command, Slurm is asked again unless it just was. */
const FRESH_MS = 2000;

export type Steering = "pause" | "resume" | "stop";
type Command = Omit<Params<"runs/pause">, "run">;

/**
 * Pauses, resumes or stops a run through its supervisor. A run without one can only be resumed: a supervisor is started.
 * @throws NotPossible; SupervisorFailed
 */
export async function steer(
  what: Steering,
  { runDir, run }: { runDir: string; run: ResolvedRun },
  command: Command,
  host: { env: NodeJS.ProcessEnv; installation: () => Promise<Installation> },
): Promise<Result<"runs/pause">> {
  const answer = await withSupervisor(host.env, runDir, async (client) =>
    client === null
      ? null
      : client.request(`runs/${what}`, { run: run.id, ...command }).catch((error: unknown) => {
          if (error instanceof NoAnswer) return null; // a job that hangs is cancelled below
          throw error;
        }),
  );
  if (answer !== null) return answer;
  const job = await jobOfRun(host.env, runDir, FRESH_MS);
  const steered = job === null ? null : await steerJob(what, { runDir, run }, command, job, host.env);
  if (steered !== null) return steered;
  const { view } = await summaryOf(host.env, runDir, run);
  if (what !== "resume")
    throw new NotPossible(`Run ${run.id} is not being run (${view.state}): there is nothing to ${what}.`);
  if (view.state === "completed")
    throw new NotPossible(
      `Run ${run.id} is completed: there is nothing left to do. \`rzero extend\` gives it more iterations, \`rzero run\` starts a new run.`,
    );
  const client = await beginRun(await host.installation(), runDir);
  client?.close();
  return { state: client === null ? view.state : "preparing", repeated: false };
}
