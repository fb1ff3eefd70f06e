import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

const program = path.resolve(import.meta.dirname, "../../../remote-agent/bin/rzero.mjs");

/** The command line. @returns what it printed */
export type Rzero = (...args: string[]) => Promise<string>;

export function rzeroWith(env: NodeJS.ProcessEnv): Rzero {
  const options = { env, timeout: 120_000, maxBuffer: 1 << 26 };
  return async (...args) => (await promisify(execFile)(process.execPath, [program, ...args], options)).stdout;
}

/** Ends what is at work, such as what a test that failed left. */
export async function stopRuns(rzero: Rzero): Promise<void> {
  const { runs } = JSON.parse(await rzero("list", "--json")) as { runs: { id: string; live: boolean }[] };
  for (const run of runs.filter(({ live }) => live)) await rzero("stop", run.id).catch(() => "ended meanwhile");
}
