import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { type KnownHost, knownHostsLine, parseKnownHosts } from "./knownHosts.ts";

/** Reads known_hosts files; one that is not there is empty. @throws the file system's error when one cannot be read: unread keys would look unknown */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const read = files.map(async (file) => {
    try {
      return parseKnownHosts(await readFile(file, "utf8"), file);
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
      throw error;
    }
  });
  return (await Promise.all(read)).flat();
}

/** Keeps an accepted key in a file of our own: the user's known_hosts stays the user's. */
export async function rememberKey(file: string, name: string, key: Buffer, hashed: boolean): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, knownHostsLine(name, key, hashed ? randomBytes(20) : null), { mode: 0o600 });
}
