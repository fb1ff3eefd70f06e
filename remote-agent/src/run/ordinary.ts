import type { Dirent, Stats } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { errorCode } from "./journal/errors.ts";

/** A run's directory holds what no run writes; the message names the file. Nothing of it was read. */
export class OddRun extends Error {
  override readonly name = "OddRun";
}

const MIB = 2 ** 20;

/** What is read whole, and the most that a run writes there, with much room. */
const files: Readonly<Record<string, number>> = {
  "run.yaml": MIB,
  "run.patch.yaml": MIB,
  "annotations.json": 4 * MIB,
  "downloaded.json": MIB,
  "summary.json": 64 * MIB,
  "lease.json": MIB,
  LOCK: MIB,
};
const folders = ["journal", "packs", "checkpoints", "logs", "slurm"];
/** A segment is sealed at 16 MiB; its last record may be long. */
const SEGMENT_BYTES = 1024 * MIB;

/**
 * A run's directory may be somebody else's: a pipe in it would never end, a device neither, a link would lead elsewhere, and a file
 * that was made large fills the memory. Looked at before anything is read; the sizes of all segments only where runs are listed, because
 * every request comes by here. @throws OddRun
 */
export async function refuseOdd(directory: string, { segments = false } = {}): Promise<void> {
  const ofFiles = Object.entries(files).map(async ([name, most]) => {
    const found = await lstat(path.join(directory, name)).catch(noneIfMissing);
    if (found !== null) refuse(directory, name, found, most);
  });
  const ofFolders = folders.map(async (name) => {
    // A folder may well be on another disk, behind a link.
    const found = await stat(path.join(directory, name)).catch(noneIfMissing);
    if (found !== null && !found.isDirectory()) throw odd(directory, name, `is ${kindOf(found)}, not a folder`);
  });
  await Promise.all([...ofFiles, ...ofFolders]);
  const entries = await readdir(path.join(directory, "journal"), { withFileTypes: true }).catch(noneIfMissing);
  for (const entry of entries ?? []) {
    const name = path.join("journal", entry.name);
    if (!entry.isFile() && !entry.isDirectory()) throw odd(directory, name, `is ${kindOf(entry)}, not a file`);
    const found = segments && entry.isFile() ? await lstat(path.join(directory, name)).catch(noneIfMissing) : null;
    if (found !== null) refuse(directory, name, found, SEGMENT_BYTES);
  }
}

function refuse(directory: string, name: string, found: Stats, most: number): void {
  if (!found.isFile()) throw odd(directory, name, `is ${kindOf(found)}, not a file`);
  if (found.size > most) throw odd(directory, name, `has ${found.size} bytes, and a run writes at most ${most}`);
}

function kindOf(found: Stats | Dirent): string {
  if (found.isSymbolicLink()) return "a link";
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isFile() ? "a file" : "a device or a socket";
}

function odd(directory: string, name: string, what: string): OddRun {
  return new OddRun(
    `${path.join(directory, name)} ${what}: this run's folder was not written by R-Zero alone, so nothing of it is read. Remove that file to open the run.`,
  );
}

function noneIfMissing(error: unknown): null {
  if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return null;
  throw error;
}
