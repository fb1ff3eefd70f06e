import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Installation } from "../run/launch.ts";
import { type MakerProgress, type ModelMaker, makeModel } from "./modelMaker.ts";

/** Longest time the pre-training may take; it needs about one CPU minute. */
const LIMIT_MS = 30 * 60_000;

/**
 * The folder of the demo's base model for a seed: pre-trained by a deterministic script once, then taken from the cache,
 * which is keyed by the script's content. @throws ModelNotMade; the signal's reason.
 */
export async function demoModel(
  installation: Installation,
  seed: number,
  onProgress: (progress: MakerProgress) => void,
  signal?: AbortSignal,
): Promise<string> {
  return makeModel(installation, await demoMaker(installation, seed), onProgress, signal);
}

export async function demoMaker({ enginePackageDir }: Installation, seed: number): Promise<ModelMaker> {
  return {
    what: "The demo's base model",
    module: "rzero_engine.demo.pretrain",
    args: ["--seed", String(seed)],
    folder: `demo-${await scriptHash(enginePackageDir)}-seed${seed}`,
    limitMs: LIMIT_MS,
  };
}

async function scriptHash(enginePackageDir: string): Promise<string> {
  const folder = path.join(enginePackageDir, "rzero_engine", "demo");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".py")).sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(name).update(await readFile(path.join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}
