import type { ResolvedRun } from "../protocol/config.ts";
import type { Params, Result } from "../protocol/rpc.ts";
import { type Installation, startSupervisor } from "../run/launch.ts";
import { summaryOf, withSupervisor } from "./connect.ts";

export type Steering = "pause" | "resume" | "stop";
type Command = Omit<Params<"runs/pause">, "run">;

/** The run is in no state for this command; the message says which it is in. */
export class NotPossible extends Error {
  override readonly name = "NotPossible";
}

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
    client === null ? null : client.request(`runs/${what}`, { run: run.id, ...command }),
  );
  if (answer !== null) return answer;
  const { view } = await summaryOf(host.env, runDir, run);
  if (what !== "resume")
    throw new NotPossible(`Run ${run.id} is not being run (${view.state}): there is nothing to ${what}.`);
  if (view.state === "completed")
    throw new NotPossible(
      `Run ${run.id} is completed: there is nothing left to do. \`rzero extend\` gives it more iterations, \`rzero run\` starts a new run.`,
    );
  const client = await startSupervisor(await host.installation(), runDir);
  client.close();
  return { state: "preparing", repeated: false };
}
