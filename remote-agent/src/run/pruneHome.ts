import { readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { bytesBelow } from "./deleteRun.ts";
import { errorCode } from "./journal/errors.ts";
import { readRunView } from "./opened.ts";
import { runIds, runsDirectory } from "./runDir.ts";

/** Younger copies are left alone: a run that is just being created may name them in a moment. */
const YOUNG_MS = 3_600_000;

/** No client sends a start again after so long. */
const CLAIM_MS = 7 * 86_400_000;

export interface PrunedHome {
  /** Relative to the home directory. */
  removed: { path: string; bytes: number }[];
  /** Copies that stay, with the run that needs them; null: too young. */
  kept: { path: string; run: string | null }[];
}

/** It cannot be told what a run needs, so nothing was removed. */
export class UnreadableRun extends Error {
  override readonly name = "UnreadableRun";
}

/**
 * Removes copies of agents and engines that no run needs, and what unfinished creations, downloads and deletions left. A run needs the copies
 * its run.yaml names; with `finished`, only a run that has not completed does: the others can then no longer be extended.
 * @throws UnreadableRun
 */
export async function pruneHome(
  home: string,
  { finished = false, dryRun = false, now }: { finished?: boolean; dryRun?: boolean; now: number },
): Promise<PrunedHome> {
  const needed = await neededCopies(home, finished);
  const result: PrunedHome = { removed: [], kept: [] };
  for (const kind of ["agents", "engines"] as const) {
    for (const name of await namesIn(path.join(home, kind))) {
      const relative = path.join(kind, name);
      const run = needed.get(relative);
      if (run !== undefined) result.kept.push({ path: relative, run });
      else if (await isYoung(path.join(home, relative), now)) result.kept.push({ path: relative, run: null });
      else await take(relative);
    }
  }
  for (const name of await namesIn(runsDirectory(home))) {
    const relative = path.join("runs", name);
    if (/^\.(new|fork|deleted|download)-/.test(name) && !(await isYoung(path.join(home, relative), now)))
      await take(relative);
  }
  for (const name of await namesIn(path.join(home, "starts"))) {
    const file = path.join(home, "starts", name);
    const { mtimeMs, size } = await stat(file);
    if (now - mtimeMs < CLAIM_MS) continue;
    if (!dryRun) await rm(file, { force: true });
    result.removed.push({ path: path.join("starts", name), bytes: size });
  }
  return result;

  async function take(relative: string): Promise<void> {
    const directory = path.join(home, relative);
    const bytes = await bytesBelow(directory);
    if (!dryRun) await rm(directory, { recursive: true, force: true });
    result.removed.push({ path: relative, bytes });
  }
}

const named = z.looseObject({ identity: z.looseObject({ agent: z.string(), engine: z.string() }) });

/** By path of the copy: a run that needs it. Read leniently, so that runs of other versions count too. */
async function neededCopies(home: string, finished: boolean): Promise<Map<string, string>> {
  const needed = new Map<string, string>();
  for (const id of await runIds(home)) {
    const runDir = path.join(runsDirectory(home), id);
    const text = await readFile(path.join(runDir, "run.yaml"), "utf8").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return null; // no run
      throw error;
    });
    if (text === null) continue;
    const run = named.safeParse(parse(text));
    if (!run.success)
      throw new UnreadableRun(
        `${runDir}/run.yaml does not say which agent and engine it needs, so nothing was removed. Mend it, or remove that run.`,
      );
    if (finished && (await hasCompleted(runDir))) continue;
    needed.set(path.join("agents", run.data.identity.agent), id);
    needed.set(path.join("engines", run.data.identity.engine), id);
  }
  return needed;
}

/** A journal that cannot be read does not tell that the run is over. */
function hasCompleted(runDir: string): Promise<boolean> {
  return readRunView(runDir).then(
    (view) => view.state === "completed",
    () => false,
  );
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
}

async function isYoung(directory: string, now: number): Promise<boolean> {
  const found = await stat(directory).catch(() => null); // it went meanwhile
  return found === null || now - found.mtimeMs < YOUNG_MS;
}
