import type { BigIntStats } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import path from "node:path";

/** One file of a log, whatever its name is by now: rotation renames it. */
export interface LogFile {
  path: string;
  /** Inode, and birth time where the file system knows it, because inodes are given again. */
  identity: string;
}

/** Names of the logs in a directory; empty when there is none. */
export async function logNames(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(noneIfMissing);
  return [...new Set(names.flatMap((name) => /^([a-z][a-z0-9_-]{0,31})\.log(?:\.\d+)?$/.exec(name)?.[1] ?? []))].sort();
}

/** The files of one log, oldest first. */
export async function logFiles(directory: string, source: string): Promise<LogFile[]> {
  const prefix = `${source}.log`;
  const names = (await readdir(directory).catch(noneIfMissing)).filter((name) => name.startsWith(prefix));
  const numbered = names.flatMap((name) => {
    const suffix = name.slice(prefix.length);
    if (suffix === "") return [{ name, n: 0 }];
    return /^\.\d{1,4}$/.test(suffix) ? [{ name, n: Number(suffix.slice(1)) }] : [];
  });
  const found: LogFile[] = [];
  for (const { name } of numbered.sort((a, b) => b.n - a.n)) {
    const file = path.join(directory, name);
    const info = await stat(file, { bigint: true }).catch(() => null); // rotated away meanwhile
    // While it is being renamed, a file can be met under both of its names.
    if (info?.isFile() && !found.some((other) => other.identity === identityOf(info)))
      found.push({ path: file, identity: identityOf(info) });
  }
  return found;
}

/** Opens a file that is still the one meant, or answers null. */
export async function openLogFile(file: LogFile): Promise<FileHandle | null> {
  const handle = await open(file.path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (handle === null || identityOf(await handle.stat({ bigint: true })) === file.identity) return handle;
  await handle.close();
  return null;
}

function identityOf({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino.toString(36)}-${birthtimeNs.toString(36)}`;
}

function noneIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}
