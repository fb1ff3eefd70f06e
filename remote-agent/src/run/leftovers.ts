import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";

/**
 * What a crash left in a run's directory and nothing names: folders of saves that were cut short or of removals that were,
 * and packs that were being rewritten. Only for the owner of the run.
 */
export async function removeLeftovers(
  runDir: string,
  { from }: ResolvedRun,
  recorded: ReadonlySet<string>,
): Promise<void> {
  // A fork's first checkpoints are there before a record names them.
  const inherited = Object.values(from?.checkpoints ?? {}).flatMap((origin) => origin?.path ?? []);
  const checkpoints = new Set([...recorded, ...inherited]);
  for (const name of await namesIn(path.join(runDir, "checkpoints"))) {
    if (!checkpoints.has(`checkpoints/${name}`))
      await rm(path.join(runDir, "checkpoints", name), { recursive: true, force: true });
  }
  for (const name of await namesIn(path.join(runDir, "packs"))) {
    if (name.endsWith(".tmp")) await rm(path.join(runDir, "packs", name), { force: true });
  }
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []); // not made yet
}
