import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { withoutSecrets } from "../hostinfo/secrets.ts";
import type { Merge } from "../run/export/models.ts";
import type { Installation } from "../run/launch.ts";

/** Merging reads and writes the whole base model once; a large one on a slow disk takes minutes. */
const MERGE_MS = 3_600_000;

/** Merges adapters with the engine's package, in a process of its own. */
export function merger({ python, enginePackageDir, env }: Installation, signal: AbortSignal): Merge {
  return async ({ base, adapter, out }) => {
    const args = ["-m", "rzero_engine", "merge", "--model", base, "--adapter", adapter, "--out", out];
    try {
      await promisify(execFile)(python, args, {
        env: { ...withoutSecrets(env), PYTHONPATH: enginePackageDir },
        signal,
        timeout: MERGE_MS,
      });
    } catch (error) {
      signal.throwIfAborted();
      const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : "";
      throw new Error(`The adapter could not be merged into its base model: ${said || error}`);
    }
  };
}
