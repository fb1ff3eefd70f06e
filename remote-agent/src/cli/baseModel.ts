import type { Installation } from "../run/launch.ts";
import { demoModel } from "./demoModel.ts";
import { modelFolder } from "./modelFolder.ts";
import { withModelProgress } from "./modelProgress.ts";
import { SMOLLM2, smollm2Model } from "./smollm2Model.ts";
import type { World } from "./world.ts";

/** Values of `model:` that name no folder: this program makes these models by itself. */
export const madeModels: readonly string[] = ["demo", SMOLLM2];

/**
 * The folder of a configuration's base model; one that this program makes is made first, with progress.
 * @throws ModelNotMade, UsageError, Interrupted
 */
export async function baseModel(
  world: World,
  installation: Installation,
  config: { model: string; seed: number },
  options: { folder: string; json: boolean; signal: AbortSignal },
): Promise<string> {
  const { json, signal, folder } = options;
  switch (config.model) {
    case "demo":
      return withModelProgress(world, json, (tell) => demoModel(installation, config.seed, tell, signal));
    case SMOLLM2:
      return withModelProgress(world, json, (tell) => smollm2Model(installation, tell, signal));
    default:
      return modelFolder(config.model, folder, installation.env);
  }
}
