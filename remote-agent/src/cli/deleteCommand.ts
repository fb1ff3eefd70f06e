import { deleteRun } from "../run/deleteRun.ts";
import { isOver } from "../slurm/jobState.ts";
import { agreed } from "./agreed.ts";
import { openNamed, summaryOf } from "./connect.ts";
import { bytes } from "./format.ts";
import { NotPossible } from "./notPossible.ts";
import { print, printJson, type World } from "./world.ts";

const NOBODY = "There is nobody to ask whether to delete the run: say so with --yes.";

/** `rzero delete RUN`: asks, then removes the run's directory for good. */
export async function deleteCommand(
  world: World,
  name: string,
  options: { yes?: boolean; json?: boolean },
): Promise<number> {
  const { runDir, run } = await openNamed(world, name);
  await refuseLive(world.env, runDir, run);
  if (!options.yes && !(await agreed(world, `Delete run ${run.id} with all its checkpoints (${runDir})?`, NOBODY))) {
    if (options.json) printJson(world, { run: run.id, deleted: false });
    else print(world, "Nothing was deleted.");
    return 1;
  }
  const freed = await deleteRun(runDir);
  if (options.json) printJson(world, { run: run.id, deleted: true, bytes: freed });
  else print(world, `Run ${run.id} is deleted; ${bytes(freed)} are free again.`);
  return 0;
}

/** @throws NotPossible with a sentence that says what to do first */
export async function refuseLive(...[env, runDir, run]: Parameters<typeof summaryOf>): Promise<void> {
  const { live, view, job } = await summaryOf(env, runDir, run);
  if (live)
    throw new NotPossible(`Run ${run.id} is at work (${view.state}): end it with \`rzero stop ${run.id}\` first.`);
  if (job !== undefined && !isOver(job.state))
    throw new NotPossible(`Run ${run.id} still has a job (${job.says}): end it with \`rzero stop ${run.id}\` first.`);
}
