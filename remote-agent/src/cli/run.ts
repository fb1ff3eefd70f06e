import { beginRun } from "../run/begin.ts";
import { createRun } from "../run/launch.ts";
import { readRun } from "../run/runDir.ts";
import { baseModel } from "./baseModel.ts";
import { summaryOf } from "./connect.ts";
import { findInstallation } from "./installation.ts";
import { preflight } from "./preflight.ts";
import { type RunOptions, runConfigOf } from "./runConfigOf.ts";
import { endSentence } from "./stateLines.ts";
import { watch } from "./watch.ts";
import { interruptible, isLively, note, print, printJson, type World } from "./world.ts";

/** `rzero run [file]`: starts a run that goes on by itself, and follows it. */
export async function runCommand(world: World, file: string | undefined, options: RunOptions): Promise<number> {
  const { config, folder } = await runConfigOf(file, options, process.cwd());
  const installation = await findInstallation(world.env, world.mainUrl);
  const json = options.json ?? false;
  const { signal, done } = interruptible(world);
  try {
    const model = await baseModel(world, installation, config, { folder, json, signal });
    await preflight(world, installation, config, model);
    const runDir = await createRun(installation, config, model, new Date(world.now()));
    const client = await beginRun(installation, runDir);
    const run = await readRun(runDir);
    const started = { run: run.id, directory: runDir };
    if (client === null) {
      const { job } = await summaryOf(world.env, runDir, run);
      if (json) printJson(world, { ...started, job });
      else
        for (const line of [`Run ${run.id}: ${job?.says ?? ""}`, ...steering(world.program, run.id)])
          print(world, line);
      return 0;
    }
    if (options.detach) {
      client.close();
      if (json) printJson(world, started);
      else for (const line of ["The run goes on by itself.", ...steering(world.program, run.id)]) print(world, line);
      return 0;
    }
    const interrupt = () => "Ctrl-C stops following, the run goes on";
    const view = await watch(world, { runDir, run, client, json, interrupt, signal });
    client.close();
    if (signal.aborted) {
      for (const line of ["Not followed any more; the run goes on.", ...steering(world.program, run.id)])
        note(world, line);
      return 130;
    }
    if (json) printJson(world, { ...started, view });
    else if (!isLively(world)) print(world, endSentence(view, run.id, world.program));
    return view.state === "completed" ? 0 : 1;
  } finally {
    done();
  }
}

/** How to watch and steer a run that goes on without us. */
export function steering(program: string, id: string): string[] {
  return [
    `  look     ${program} show ${id}`,
    `  follow   ${program} tail ${id}`,
    `  pause    ${program} pause ${id}`,
    `  stop     ${program} stop ${id}`,
  ];
}
