import { rm, stat } from "node:fs/promises";
import path from "node:path";
import type { RunConfig } from "../protocol/config.ts";
import { removeLeftovers } from "./leftovers.ts";
import { openRun } from "./opened.ts";
import { type Removal, Retention } from "./retention.ts";
import { readRun, writeDerived } from "./runDir.ts";

/**
 * Applies the retention rules to a run that no process owns; `rules` replace those of its run.yaml for this once.
 * @throws RunLocked while a supervisor owns the run: it prunes by itself
 */
export async function pruneRun(
  runDir: string,
  { dryRun, rules }: { dryRun: boolean; rules: (config: RunConfig) => RunConfig },
): Promise<Removal[]> {
  const opened = await openRun(runDir, () => undefined);
  try {
    const run = await readRun(runDir);
    const config = rules(run.config);
    if (!dryRun) await removeLeftovers(runDir, run, opened.checkpoints.paths);
    const removals = await new Retention({ runDir, opened, config: () => config, dryRun }).apply();
    if (removals.length > 0 && !dryRun) await writeDerived(`${runDir}/summary.json`, opened.view);
    return removals;
  } finally {
    await opened.close();
  }
}

/** Gives back the room that a run holds for the moment its disk is full; whoever resumes it takes it again. Answers the bytes. */
export async function releaseReserve(runDir: string, dryRun: boolean): Promise<number> {
  const reserve = path.join(runDir, "ballast");
  const bytes = (await stat(reserve).catch(() => null))?.size ?? 0; // none was taken
  if (!dryRun) await rm(reserve, { force: true });
  return bytes;
}
