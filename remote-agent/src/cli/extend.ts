import type { ResolvedRun } from "../protocol/config.ts";
import type { Params, Result, RunSummary } from "../protocol/rpc.ts";
import { beginRun } from "../run/begin.ts";
import { changesOf, extendResting } from "../run/extend.ts";
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

/**
 * `rzero extend RUN`: more iterations, or other settings that change none of its work. A completed run that has more to do goes on at
 * once, unless that is not wanted.
 */
export async function extendCommand(world: World, name: string, options: ExtendOptions): Promise<number> {
  const found = await openNamed(world, name);
  const { run, runDir } = found;
  const settings = Object.fromEntries(options.set.map(parseOverride).map(({ path, value }) => [path.join("."), value]));
  if (options.iterations !== undefined) settings["iterations"] = totalOf(options.iterations, run.config.iterations);
  if (Object.keys(settings).length === 0)
    throw new UsageError(
      "Say what to extend: --iterations N (the new total), --iterations +N (so many more), or --set KEY=VALUE.",
    );
  if (options.resume && "iterations" in settings) await refuseForeign(world, found, options.yes === true);
  const before = await summaryOf(world.env, runDir, run);
  const answer = await extendRun(found, { ...newCommand(), settings }, world.env, new Date(world.now()));
  const hasMore = answer.iterations > run.config.iterations;
  const goesOn = hasMore && before.view.state === "completed" && !before.live && options.resume;
  if (goesOn) (await beginRun(await findInstallation(world.env, world.mainUrl), runDir))?.close();
  if (options.json)
    printJson(world, { run: run.id, directory: runDir, iterations: answer.iterations, resumed: goesOn });
  else for (const line of extendedLines(world, { run, settings, before, answer, goesOn })) print(world, line);
  return 0;
}

/** What came of it, and what to do next. */
function extendedLines(
  { program }: Pick<World, "program">,
  { run, settings, before, answer, goesOn }: Extended,
): string[] {
  const { id } = run;
  const changed = changesOf(settings);
  const keeps = Object.keys(settings).some((name) => /^(checkpoints|payload)\./.test(name));
  const more = answer.iterations > run.config.iterations;
  const follow = goesOn ? ` Follow it with \`${program} tail ${id}\`.` : "";
  return [
    ...(!more
      ? []
      : goesOn || before.live
        ? [`Run ${id} goes on to ${answer.iterations} iterations.${follow}`]
        : [`Run ${id} has ${answer.iterations} iterations now. Go on with \`${program} resume ${id}\`.`]),
    ...(changed === "" ? [] : [`Changed for run ${id}: ${changed}.`]),
    ...(keeps && !before.live && !goesOn ? [`\`${program} prune ${id}\` applies what it keeps now.`] : []),
  ];
}

interface Extended {
  run: ResolvedRun;
  settings: Readonly<Record<string, unknown>>;
  before: RunSummary;
  answer: Result<"runs/extend">;
  goesOn: boolean;
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
