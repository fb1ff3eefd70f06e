import type { ResolvedRun } from "../protocol/config.ts";
import type { Result } from "../protocol/rpc.ts";
import { readPatches } from "../run/runPatch.ts";
import { commentedConfig } from "./commentedConfig.ts";

/** What a run is, for a person to read and for a fork to begin with. */
export async function runConfigView({
  runDir,
  run,
}: {
  runDir: string;
  run: ResolvedRun;
}): Promise<Result<"runs/config">> {
  const heading = [`The run ${run.id}, created ${run.createdAt}.`];
  return {
    text: commentedConfig(run.config, heading),
    patches: await readPatches(runDir),
    identity: run.identity,
    modelDir: run.modelDir,
    from: run.from ?? null,
  };
}
