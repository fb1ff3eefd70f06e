import { copyFile, link, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { weightsOf } from "./checkpointFolders.ts";
import { withoutOptimizer } from "./checkpointRemoval.ts";
import { errorCode } from "./journal/errors.ts";
import { nodeFs, writeDurably } from "./journal/fs.ts";
import { CheckpointIncomplete, verifyCheckpoint } from "./journal/manifest.ts";

/**
 * A checkpoint of its own with the weights of another and without their optimiser state: hard links where the file system has
 * them (the files of a checkpoint never change), copies elsewhere. Answers the SHA-256 of the weights.
 * @throws CheckpointIncomplete when `from` is not whole
 */
export async function copyWeights(from: string, to: string): Promise<string> {
  const manifest = withoutOptimizer(await verifyCheckpoint(from, { hashes: false }));
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const { name } of manifest.files) {
    await mkdir(path.dirname(path.join(to, name)), { recursive: true });
    await linkOrCopy(path.join(from, name), path.join(to, name));
  }
  await writeDurably(nodeFs, to, "MANIFEST.json", Buffer.from(JSON.stringify(manifest, null, 1)));
  await verifyCheckpoint(to, { hashes: false }); // retention may have been at work meanwhile
  return weightsOf(from, manifest.files);
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw new CheckpointIncomplete(path.dirname(from), ["MANIFEST.json is missing"]);
    await copyFile(from, to); // another file system, or one without links
    const file = await open(to, "r+");
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}
