import { randomBytes } from "node:crypto";
import { readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { errorCode } from "./journal/errors.ts";
import { nodeFs, writeDurably } from "./journal/fs.ts";
import { CheckpointIncomplete, type Manifest, parseManifest } from "./journal/manifest.ts";

const OPTIMIZER_FILES = new Set(["optimizer.safetensors", "optimizer.json"]);

/** Bytes of a checkpoint's files, and of those that hold its optimiser state; 0 where the folder is no longer there. */
export async function checkpointBytes(directory: string): Promise<{ all: number; optimizer: number }> {
  const files = (await manifestOf(directory))?.files ?? [];
  const sum = (of: typeof files) => of.reduce((total, file) => total + file.size, 0);
  return { all: sum(files), optimizer: sum(files.filter((file) => OPTIMIZER_FILES.has(file.name))) };
}

/** Removes a checkpoint's folder. It leaves its name first, so that nobody finds half of it there. Safe to repeat. */
export async function removeCheckpoint(directory: string): Promise<void> {
  const aside = path.join(
    path.dirname(directory),
    `.removed-${path.basename(directory)}-${randomBytes(4).toString("hex")}`,
  );
  try {
    await rename(directory, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/**
 * Takes the optimiser state out of a checkpoint's folder: first out of its manifest, in one step, then off the disk. The
 * manifest says that it was removed, so that nobody takes the checkpoint for one whose optimiser never took a step.
 * Safe to repeat.
 */
export async function removeOptimizer(directory: string): Promise<void> {
  const manifest = await manifestOf(directory);
  if (manifest === null) return;
  if (manifest["optimizerRemoved"] !== true) {
    const changed = withoutOptimizer(manifest);
    await writeDurably(nodeFs, directory, "MANIFEST.json", Buffer.from(JSON.stringify(changed, null, 1)));
  }
  for (const name of OPTIMIZER_FILES) await rm(path.join(directory, name), { force: true });
}

/** The manifest of the same checkpoint without its optimiser state. */
export function withoutOptimizer(manifest: Manifest): Manifest {
  const files = manifest.files.filter((file) => !OPTIMIZER_FILES.has(file.name));
  return { ...manifest, files, optimizerRemoved: true };
}

async function manifestOf(directory: string): Promise<Manifest | null> {
  try {
    return parseManifest(directory, await readFile(path.join(directory, "MANIFEST.json"), "utf8"));
  } catch (error) {
    // What is not whole has no optimiser state that anybody could load.
    if (errorCode(error) === "ENOENT" || error instanceof CheckpointIncomplete) return null;
    throw error;
  }
}
