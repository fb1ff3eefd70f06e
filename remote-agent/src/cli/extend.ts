import type { ResolvedRun } from "../protocol/config.ts";
import type { Params, Result } from "../protocol/rpc.ts";
import { beginRun } from "../run/begin.ts";
import { extendResting } from "../run/extend.ts";
import { readRun } from "../run/runDir.ts";
import { newCommand, openNamed, summaryOf, withSupervisor } from "./connect.ts";
import { refuseForeign } from "./foreignRun.ts";
import { findInstallation } from "./installation.ts";
import { parseOverride } from "./overrides.ts";
import { print, printJson, UsageError, type World } from "./world.ts";

export interface ExtendOptions {
  iterations?: string;
  set: string[];
  resume: boolean;
  yes?: boolean;
  json?: boolean;
}

/** `rzero extend RUN`: more iterations. A completed run goes on at once, unless that is not wanted. */
export async function extendCommand(world: World, name: string, options: ExtendOptions): Promise<number> {
  const found = await openNamed(world, name);
  const { run, runDir } = found;
  if (options.resume) await refuseForeign(world, found, options.yes === true);
  const settings = Object.fromEntries(options.set.map(parseOverride).map(({ path, value }) => [path.join("."), value]));
  if (options.iterations !== undefined) settings["iterations"] = totalOf(options.iterations, run.config.iterations);
  if (Object.keys(settings).length === 0)
    throw new UsageError("Say what to extend: --iterations N (the new total) or --iterations +N (so many more).");
  const before = await summaryOf(world.env, runDir, run);
  const answer = await extendRun(found, { ...newCommand(), settings }, world.env, new Date(world.now()));
  const goesOn = before.view.state === "completed" && !before.live && options.resume;
  if (goesOn) (await beginRun(await findInstallation(world.env, world.mainUrl), runDir))?.close();
  const { program } = world;
  if (options.json)
    printJson(world, { run: run.id, directory: runDir, iterations: answer.iterations, resumed: goesOn });
  else if (before.live) print(world, `Run ${run.id} goes on to ${answer.iterations} iterations.`);
  else if (goesOn)
    print(
      world,
      `Run ${run.id} goes on to ${answer.iterations} iterations. Follow it with \`${program} tail ${run.id}\`.`,
    );
  else
    print(world, `Run ${run.id} has ${answer.iterations} iterations now. Go on with \`${program} resume ${run.id}\`.`);
  return 0;
}

/** Extends a run through its supervisor, or on disk when it has none. @throws PatchRefused */
export async function extendRun(
  { runDir, run }: { runDir: string; run: ResolvedRun },
  extension: Omit<Params<"runs/extend">, "run">,
  env: NodeJS.ProcessEnv,
  now: Date,
): Promise<Result<"runs/extend">> {
  const answer = await withSupervisor(env, runDir, async (client) =>
    client === null ? null : client.request("runs/extend", { run: run.id, ...extension }),
  );
  if (answer !== null) return answer;
  const { repeated } = await extendResting(runDir, extension, now);
  const { view } = await summaryOf(env, runDir, run);
  return { state: view.state, repeated, iterations: (await readRun(runDir)).config.iterations };
}

/** `5` is the new total, `+2` so many more. @throws UsageError */
function totalOf(text: string, now: number): number {
  if (!/^\+?\d{1,6}$/.test(text))
    throw new UsageError(`--iterations ${text}: write the new total, as in 5, or so many more, as in +2.`);
  return text.startsWith("+") ? now + Number(text.slice(1)) : Number(text);
}
