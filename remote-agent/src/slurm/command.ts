import { execFile } from "node:child_process";
import { ownersSecrets, withoutSecrets } from "../hostinfo/secrets.ts";

/** Slurm could not be asked, or refused; the message says which program, what happened and what to do. */
export class SlurmFailed extends Error {
  override readonly name = "SlurmFailed";
  readonly reason: "missing" | "timeout" | "refused" | "unreadable";

  constructor(message: string, reason: SlurmFailed["reason"]) {
    super(message);
    this.reason = reason;
  }
}

/** Runs a program of Slurm and answers what it printed. @throws SlurmFailed */
export type SlurmCommand = (program: string, args: readonly string[], limitMs?: number) => Promise<string>;

/** Slurm's own programs wait for ever when munge is stopped, so every call has a limit. */
export const QUERY_MS = 10_000;
/** The description of all jobs of a large cluster. */
const OUTPUT_BYTES = 512 * 2 ** 20;

export function slurmCommand(env: NodeJS.ProcessEnv): SlurmCommand {
  return (program, args, limitMs = QUERY_MS) =>
    new Promise((resolve, reject) => {
      // What sbatch is given goes into the job, which is a run's supervisor.
      const own = program === "sbatch" ? withoutSecrets(env, ...ownersSecrets) : withoutSecrets(env);
      const options = { env: own, timeout: limitMs, killSignal: "SIGKILL" as const, maxBuffer: OUTPUT_BYTES };
      execFile(program, [...args], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(failure(program, error, stderr, limitMs));
      });
    });
}

function failure(
  program: string,
  error: Error & { code?: unknown; killed?: boolean },
  stderr: string,
  limitMs: number,
): SlurmFailed {
  if (error.code === "ENOENT") {
    return new SlurmFailed(
      `There is no ${program} here: this is no login node of a Slurm cluster, or a module has to be loaded first.`,
      "missing",
    );
  }
  if (error.killed) {
    return new SlurmFailed(
      `Slurm did not answer ${program} within ${limitMs / 1000} s: its controller or munge may be down. Runs that are at work go on; try again later, or ask who runs the cluster.`,
      "timeout",
    );
  }
  const said = stderr
    .trim()
    .split("\n")
    .map((line) => line.replace(/^\w+: (error|fatal): /, ""))
    .slice(-2)
    .join(" ")
    .slice(0, 400);
  return new SlurmFailed(`${program} failed: ${said || error.message}`, "refused");
}
