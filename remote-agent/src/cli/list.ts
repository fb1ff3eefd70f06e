import path from "node:path";
import type { RunSummary } from "../protocol/rpc.ts";
import { ViewReads } from "../run/index/viewReads.ts";
import { refuseOdd } from "../run/ordinary.ts";
import { readRun, runIds, runsDirectory, rzeroHome } from "../run/runDir.ts";
import { summaryOf } from "./connect.ts";
import { minuteOf, percent } from "./format.ts";
import { jobWord } from "./jobLines.ts";
import { table } from "./layout.ts";
import { figure } from "./stageFigures.ts";
import { isLively, note, print, printJson, type World } from "./world.ts";

/** A list waits so long for journals that nobody has read yet; those that take longer are marked. */
const PATIENCE_MS = 1500;
const TELL_EVERY_MS = 1000;

interface Listed {
  runs: RunSummary[];
  /** Folders that cannot be read, each with the reason. */
  unreadable: { directory: string; why: string }[];
}

/** `rzero list`: waits for journals that were never read, and says how far it is. */
export async function listCommand(world: World, options: { json?: boolean }): Promise<number> {
  const reads = new ViewReads(world.env);
  let listed = await listRuns(world.env, reads);
  while (listed.runs.some(isBeingRead)) {
    for (const { id, reading } of isLively(world) ? listed.runs : [])
      if (reading !== undefined)
        note(world, `Reading the journal of ${id} for the first time: ${percent(reading.bytes / reading.of)}`);
    await reads.settled(TELL_EVERY_MS);
    listed = await listRuns(world.env, reads);
  }
  const { runs, unreadable } = listed;
  if (options.json) printJson(world, { runs, unreadable });
  else if (runs.length === 0)
    print(world, `There are no runs yet. \`${world.program} demo\` makes one in a few minutes.`);
  else for (const line of runTable(runs)) print(world, line);
  if (!options.json) for (const { directory, why } of unreadable) note(world, `${directory} is left out: ${why}`);
  return 0;
}

/**
 * All runs under the home directory, oldest first. One that cannot be read is named with the reason; one whose journal takes longer to
 * read than `patienceMs` is listed as being read.
 */
export async function listRuns(env: NodeJS.ProcessEnv, reads: ViewReads, patienceMs = PATIENCE_MS): Promise<Listed> {
  const listed = await listedNow(env, reads);
  if (patienceMs === 0 || !listed.runs.some(isBeingRead) || !reads.anyNew()) return listed;
  await reads.settled(patienceMs);
  return listedNow(env, reads);
}

function isBeingRead({ reading }: RunSummary): boolean {
  return reading !== undefined;
}

async function listedNow(env: NodeJS.ProcessEnv, reads: ViewReads): Promise<Listed> {
  const home = rzeroHome(env);
  const runs: RunSummary[] = [];
  const unreadable: { directory: string; why: string }[] = [];
  const directories = (await runIds(home)).map((id) => path.join(runsDirectory(home), id));
  reads.keepOnly(new Set(directories));
  for (const directory of directories) {
    const id = path.basename(directory);
    try {
      await refuseOdd(directory, { segments: true });
      const run = await readRun(directory);
      // Whoever asks for a run by its id is led to the folder of that name.
      if (run.id !== id)
        throw new Error(`its run.yaml is of the run ${run.id}, and a run's folder has the name of its run.`);
      runs.push(await summaryOf(env, directory, run, (runDir) => reads.of(runDir)));
    } catch (error) {
      unreadable.push({ directory, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { runs, unreadable };
}

/** Newest accuracy and where each run stands. */
export function runTable(runs: readonly RunSummary[]): string[] {
  const rows = runs.map(({ id, createdAt, view, live, job }) => {
    const stage = view.stages.at(-1);
    const audits = view.stages.filter((item) => item.stage === "audit" && item.status === "done");
    const newest = Math.max(...audits.map((item) => item.iteration));
    const where =
      view.state === "completed" || stage === undefined
        ? ""
        : `iteration ${stage.iteration} ${stage.stage} ${stage.done}/${stage.units}`;
    const accuracy = audits.length === 0 ? "–" : percent(figure(view, newest, "audit", "mean_at_k"));
    const resting = view.state === "paused" && !live ? "paused (ended)" : view.state;
    const state = (job === undefined ? null : jobWord(job, view)) ?? resting;
    return [id, state, where, accuracy, minuteOf(Date.parse(createdAt))];
  });
  return table([["run", "state", "stage", "accuracy", "created (UTC)"], ...rows], [0, 1, 2]);
}
