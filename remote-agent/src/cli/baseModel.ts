import type { Installation } from "../run/launch.ts";
import { demoModel } from "./demoModel.ts";
import { modelFolder } from "./modelFolder.ts";
import type { MakerProgress } from "./modelMaker.ts";
import { withModelProgress } from "./modelProgress.ts";
import { SMOLLM2, smollm2Model } from "./smollm2Model.ts";
import type { World } from "./world.ts";

/** Values of `model:` that name no folder: this program makes these models by itself. */
export const madeModels: readonly string[] = ["demo", SMOLLM2];

/**
 * The folder of a configuration's base model, shown on a terminal while it is being made.
 * @throws ModelNotMade, UsageError, Interrupted
 */
export async function baseModel(
  world: World,
  installation: Installation,
  config: { model: string; seed: number },
  { folder, json, signal }: { folder: string; json: boolean; signal: AbortSignal },
): Promise<string> {
  return withModelProgress(world, json, (onProgress) =>
    preparedModel(installation, config, { folder, onProgress, signal }),
  );
}

/** The folder of a configuration's base model; one that this program makes is made first. @throws ModelNotMade, UsageError */
export async function preparedModel(
  installation: Installation,
  { model, seed }: { model: string; seed: number },
  {
    folder,
    onProgress,
    signal,
  }: { folder: string; onProgress: (progress: MakerProgress) => void; signal: AbortSignal },
): Promise<string> {
  switch (model) {
    case "demo":
      return demoModel(installation, seed, onProgress, signal);
    case SMOLLM2:
      return smollm2Model(installation, onProgress, signal);
    default:
      return modelFolder(model, folder, installation.env);
  }
}
