import { setTimeout as delay } from "node:timers/promises";
import { attach } from "../run/launch.ts";
import { jobOfRun, newCommand, openNamed, summaryOf } from "./connect.ts";
import { refuseForeign } from "./foreignRun.ts";
import { findInstallation } from "./installation.ts";
import { type Steering, steer } from "./steer.ts";
import { print, printJson, type World } from "./world.ts";

/** How long `stop` waits for the run to have saved and ended. */
const END_MS = 30_000;

/** `rzero pause|resume|stop RUN` */
export async function steerCommand(
  world: World,
  what: Steering,
  name: string,
  options: { json?: boolean; yes?: boolean },
): Promise<number> {
  const found = await openNamed(world, name);
  if (what === "resume") await refuseForeign(world, found, options.yes === true);
  const { run, runDir } = found;
  const host = { env: world.env, installation: () => findInstallation(world.env, world.mainUrl) };
  await steer(what, found, newCommand(), host);
  const ended = what === "stop" && (await supervisorEnds(world.env, runDir));
  const { view, job } = await summaryOf(world.env, runDir, run);
  if (options.json)
    printJson(world, { run: run.id, directory: runDir, state: view.state, ...(job === undefined ? {} : { job }) });
  else if (what === "resume" && job !== undefined)
    print(world, `Run ${run.id} goes on as a batch job. ${job.says} Look with \`${world.program} show ${run.id}\`.`);
  else print(world, sentence(what, run.id, ended, world.program));
  return 0;
}

/** Waits until a run's supervisor is gone; false when it is still there after the limit. */
export async function supervisorEnds(env: NodeJS.ProcessEnv, runDir: string, limitMs = END_MS): Promise<boolean> {
  for (let waited = 0; waited < limitMs; waited += 200) {
    const client = await attach(runDir, env);
    if (client === null && (await jobOfRun(env, runDir))?.owner == null) return true;
    client?.close();
    await delay(200);
  }
  return false;
}

function sentence(what: Steering, id: string, ended: boolean, program: string): string {
  switch (what) {
    case "pause":
      return `Run ${id} pauses when the calls under way are done. Go on with \`${program} resume ${id}\`.`;
    case "resume":
      return `Run ${id} goes on. Follow it with \`${program} tail ${id}\`.`;
    case "stop":
      return ended
        ? `Run ${id} is stopped; everything done is kept. Go on with \`${program} resume ${id}\`.`
        : `Run ${id} was told to stop and is still ending after ${END_MS / 1000} s; \`${program} show ${id}\` tells how it stands.`;
  }
}
