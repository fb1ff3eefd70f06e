import path from "node:path";
import type { RunSummary } from "../protocol/rpc.ts";
import { refuseOdd } from "../run/ordinary.ts";
import { readRun, runIds, runsDirectory, rzeroHome } from "../run/runDir.ts";
import { summaryOf } from "./connect.ts";
import { minuteOf, percent } from "./format.ts";
import { jobWord } from "./jobLines.ts";
import { table } from "./layout.ts";
import { figure } from "./stageFigures.ts";
import { note, print, printJson, type World } from "./world.ts";

/** `rzero list` */
export async function listCommand(world: World, options: { json?: boolean }): Promise<number> {
  const { runs, unreadable } = await listRuns(world.env);
  if (options.json) printJson(world, { runs, unreadable });
  else if (runs.length === 0)
    print(world, `There are no runs yet. \`${world.program} demo\` makes one in a few minutes.`);
  else for (const line of runTable(runs)) print(world, line);
  if (!options.json) for (const { directory, why } of unreadable) note(world, `${directory} is left out: ${why}`);
  return 0;
}

/** All runs under the home directory, oldest first. One that cannot be read is named with the reason. */
export async function listRuns(
  env: NodeJS.ProcessEnv,
): Promise<{ runs: RunSummary[]; unreadable: { directory: string; why: string }[] }> {
  const home = rzeroHome(env);
  const runs: RunSummary[] = [];
  const unreadable: { directory: string; why: string }[] = [];
  for (const id of await runIds(home)) {
    const directory = path.join(runsDirectory(home), id);
    try {
      await refuseOdd(directory, { segments: true });
      const run = await readRun(directory);
      // Whoever asks for a run by its id is led to the folder of that name.
      if (run.id !== id)
        throw new Error(`its run.yaml is of the run ${run.id}, and a run's folder has the name of its run.`);
      runs.push(await summaryOf(env, directory, run));
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
