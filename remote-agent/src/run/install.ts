import { createHash, randomUUID } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";

/**
 * Copies of what a run executes, named by their content: a run goes on with exactly the agent and engine it was started
 * with, whatever has been installed or edited since.
 */
export interface Installed {
  sha256: string;
  directory: string;
}

/** Copies `source` (a directory) to `<home>/<kind>/<sha256>` unless it is there. Files the filter refuses stay behind. */
export async function installByContent(
  home: string,
  kind: "agents" | "engines",
  source: string,
  wanted: (relative: string) => boolean,
): Promise<Installed> {
  const files = (await filesBelow(source)).filter(wanted).sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const content = await readFile(path.join(source, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  const sha256 = hash.digest("hex").slice(0, 32);
  const directory = path.join(home, kind, sha256);
  if (await exists(directory)) {
    await utimes(directory, new Date(), new Date()); // in use again: pruning leaves the young alone
    return { sha256, directory };
  }
  const temporary = `${directory}.${randomUUID()}.tmp`;
  for (const file of files) {
    await mkdir(path.dirname(path.join(temporary, file)), { recursive: true });
    await cp(path.join(source, file), path.join(temporary, file));
  }
  try {
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(directory))) throw error; // else another process was first with the same content
  }
  return { sha256, directory };
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function filesBelow(directory: string, prefix = ""): Promise<string[]> {
  const entries = await readdir(path.join(directory, prefix), { withFileTypes: true });
  const nested = await Promise.all(
    entries.map((entry) => {
      const relative = path.join(prefix, entry.name);
      return entry.isDirectory() ? filesBelow(directory, relative) : Promise.resolve([relative]);
    }),
  );
  return nested.flat();
}
