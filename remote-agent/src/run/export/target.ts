import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { hostIdentity } from "../../hostinfo/processIdentity.ts";
import { DiskFull, errorCode, isDiskFull } from "../journal/errors.ts";

/** The export cannot go where it was told to; the message says why. */
export class ExportRefused extends Error {
  override readonly name = "ExportRefused";
}

/**
 * Makes a directory out of what `fill` writes: aside first, then renamed, so that it is there whole or not at all.
 * @throws ExportRefused when something is in the way; DiskFull, and then nothing is left behind
 */
export async function intoNewDirectory<T>(to: string, fill: (directory: string) => Promise<T>): Promise<T> {
  const target = path.resolve(to);
  await refuseTaken(target);
  const parent = path.dirname(target);
  await mkdir(parent, { recursive: true });
  await sweep(parent, path.basename(target));
  const aside = path.join(parent, `${prefixOf(path.basename(target))}${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    await mkdir(aside);
    const result = await fill(aside);
    await syncTree(aside);
    await refuseTaken(target);
    await rename(aside, target);
    await sync(parent);
    return result;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw isDiskFull(error) ? new DiskFull(`the export in ${target}`, error) : error;
  }
}

async function refuseTaken(target: string): Promise<void> {
  try {
    if ((await readdir(target)).length === 0) return;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    if (errorCode(error) !== "ENOTDIR") throw error;
  }
  throw new ExportRefused(
    `${target} is there already, and an export overwrites nothing. Name another directory, or remove it.`,
  );
}

/** Unfinished exports to the same place by processes of this host that are gone. */
async function sweep(parent: string, name: string): Promise<void> {
  const prefix = prefixOf(name);
  for (const entry of await readdir(parent)) {
    const pid = entry.startsWith(prefix) ? /^(\d+)-[0-9a-f]{8}$/.exec(entry.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(path.join(parent, entry), { recursive: true, force: true });
  }
}

function prefixOf(name: string): string {
  const { host, bootId, pidNamespace } = hostIdentity();
  const where = createHash("sha256").update(`${host} ${bootId} ${pidNamespace}`).digest("hex").slice(0, 8);
  return `.${name}.unfinished-${where}-`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true }))
    await sync(path.join(entry.parentPath, entry.name));
  await sync(directory);
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
