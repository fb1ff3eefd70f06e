import path from "node:path";
import type { Installation } from "../run/launch.ts";
import { demoMaker } from "./demoModel.ts";
import { isMade, modelCache } from "./modelMaker.ts";
import { SMOLLM2, smollm2Maker } from "./smollm2Model.ts";

/** The cache's folder of a model that this program makes; null while it has not been made. */
export async function madeFolder(
  installation: Installation,
  { model, seed }: { model: string; seed: number },
): Promise<string | null> {
  const maker = model === SMOLLM2 ? smollm2Maker : await demoMaker(installation, seed);
  const directory = path.join(modelCache(installation.env), maker.folder);
  return (await isMade(directory)) ? directory : null;
}
