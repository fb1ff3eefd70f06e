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

/**
 * The files of one log, oldest first. They are looked at from the newest to the oldest: rotation, which may be at work, moves a file
 * only to a higher number, so none is passed by; one that is met again under its new name counts once.
 */
export async function logFiles(directory: string, source: string): Promise<LogFile[]> {
  const prefix = `${source}.log`;
  const numbers = (await readdir(directory).catch(noneIfMissing)).flatMap((name) => {
    if (name === prefix) return [0];
    const n = name.startsWith(prefix) ? /^\.(\d{1,4})$/.exec(name.slice(prefix.length))?.[1] : undefined;
    return n === undefined ? [] : [Number(n)];
  });
  const listed = Math.max(-1, ...numbers);
  const found = new Map<string, LogFile>();
  // Behind what was listed: what rotation moved there since, next to the hole it leaves for an instant.
  for (let n = 0, holes = 0; n <= listed || (listed >= 0 && holes < 2); n++) {
    const file = path.join(directory, n === 0 ? prefix : `${prefix}.${n}`);
    const info = await stat(file, { bigint: true }).catch(() => null);
    holes = info === null ? holes + 1 : 0;
    if (info?.isFile() && !found.has(identityOf(info)))
      found.set(identityOf(info), { path: file, identity: identityOf(info) });
  }
  return [...found.values()].reverse();
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
