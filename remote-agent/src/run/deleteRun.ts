import { randomBytes } from "node:crypto";
import { readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { acquireRunLock } from "./journal/lock.ts";
import { syncDirectory } from "./journal/lockFile.ts";

/**
 * Removes a run's directory for good. It leaves its name in one step, so that a crash leaves the whole run or none; what is
 * left of it then goes with the next `rzero prune`. Answers the bytes that were freed.
 * @throws RunLocked while a process owns the run
 */
export async function deleteRun(runDir: string): Promise<number> {
  // Held until the directory has gone: nobody resumes the run meanwhile.
  const lock = await acquireRunLock(runDir, { onLost: () => undefined });
  const parent = path.dirname(path.resolve(runDir));
  const aside = path.join(parent, `.deleted-${path.basename(runDir)}-${randomBytes(4).toString("hex")}`);
  try {
    await rename(runDir, aside);
  } catch (error) {
    await lock.release();
    throw error;
  }
  await lock.release();
  await syncDirectory(parent);
  const bytes = await bytesBelow(aside);
  await rm(aside, { recursive: true, force: true });
  return bytes;
}

/** Size of all files below a directory; those with another name elsewhere (hard links) free nothing and do not count. */
export async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const found = await stat(path.join(entry.parentPath, entry.name)).catch(() => null); // it went meanwhile
    if (found?.nlink === 1) bytes += found.size;
  }
  return bytes;
}
