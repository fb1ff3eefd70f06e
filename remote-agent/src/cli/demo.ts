import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RunView } from "../protocol/runView.ts";
import { createRun, startSupervisor } from "../run/launch.ts";
import type { RpcClient } from "../run/rpcPeer.ts";
import { readRun } from "../run/runDir.ts";
import { baseModel } from "./baseModel.ts";
import { newCommand } from "./connect.ts";
import { demoReport } from "./demoReport.ts";
import { demoRows, iterationsOf } from "./demoTable.ts";
import { demoVerdict } from "./demoVerdict.ts";
import { findInstallation } from "./installation.ts";
import { coloured, plain } from "./layout.ts";
import { preflight } from "./preflight.ts";
import { runConfigOf } from "./runConfigOf.ts";
import { readRunFacts } from "./runFacts.ts";
import { placesOf } from "./show.ts";
import { endSentence } from "./stateLines.ts";
import { watch } from "./watch.ts";
import { Interrupted, interruptible, isLively, note, print, printJson, type World, widthOf } from "./world.ts";

/** How long the first Ctrl-C waits for the run to save and end. */
const STOP_MS = 20_000;

export interface DemoOptions {
  seed: number;
  preset: string;
  iterations?: number;
  /** Something else shows the run, too: it reads here which one, and Ctrl-C leaves the run at work. */
  announce?: string;
  json?: boolean;
}

/** `rzero demo`: a small model teaches itself, in this terminal, to the end. */
export async function demoCommand(world: World, options: DemoOptions): Promise<number> {
  const json = options.json ?? false;
  const set = options.iterations === undefined ? [] : [`iterations=${options.iterations}`];
  const { config, folder } = await runConfigOf(
    undefined,
    { preset: options.preset, seed: options.seed, set },
    process.cwd(),
  );
  const installation = await findInstallation(world.env, world.mainUrl);
  const making = interruptible(world);
  const model = await baseModel(world, installation, config, { folder, json, signal: making.signal }).finally(
    making.done,
  );
  await preflight(world, installation, config, model);
  const runDir = await createRun(installation, config, model, new Date(world.now()));
  const client = await startSupervisor(installation, runDir);
  const run = await readRun(runDir);
  const { announce } = options;
  if (announce !== undefined) await writeFile(announce, JSON.stringify({ run: run.id, directory: runDir }));
  const leave = announce === undefined ? stopOnInterrupt(world, client, run) : leaveOnInterrupt(world);
  try {
    const interrupt = () => {
      if (announce !== undefined) return "Ctrl-C leaves; the run goes on";
      return leave.pressed() === 0
        ? "Ctrl-C stops the run"
        : "Stopping, which saves first; Ctrl-C again leaves at once";
    };
    const view = await watch(world, { runDir, run, client, json, interrupt, signal: leave.signal });
    if (leave.signal.aborted) {
      if (announce !== undefined) note(world, goesOn(world, run.id));
      throw new Interrupted();
    }
    const facts = await readRunFacts(runDir);
    await report(world, { run, runDir, view, places: placesOf(runDir, facts.checkpoints), json });
    return view.state === "completed" ? 0 : leave.pressed() > 0 ? 130 : 1;
  } finally {
    leave.done();
    client.close();
  }
}

async function report(
  world: World,
  {
    run,
    runDir,
    view,
    places,
    json,
  }: { run: ResolvedRun; runDir: string; view: RunView; places: Record<string, string>; json: boolean },
): Promise<void> {
  if (json) {
    const rows = demoRows(view, run.config).map(({ name, values }) => [name, values] as const);
    const table = { iterations: iterationsOf(view), ...Object.fromEntries(rows) };
    printJson(world, { run: run.id, directory: runDir, view, table, verdict: demoVerdict(view, run.config), places });
    return;
  }
  if (view.state === "completed") {
    const lines = demoReport(view, {
      run,
      places,
      width: Math.min(100, widthOf(world)),
      program: world.program,
      paint: isLively(world) ? coloured : plain,
    });
    for (const line of lines) print(world, line);
  } else if (!isLively(world)) {
    print(world, endSentence(view, run.id, world.program));
  }
}

/** Ctrl-C ends the watching; the run has an owner of its own. */
function leaveOnInterrupt(world: World) {
  const abort = new AbortController();
  let presses = 0;
  const done = world.onInterrupt(() => {
    presses += 1;
    abort.abort(new Interrupted());
  });
  return { signal: abort.signal, done, pressed: () => presses };
}

function goesOn({ program }: World, id: string): string {
  return [
    `Run ${id} goes on.`,
    `  ${program} show ${id}            how it stands`,
    `  ${program} stop ${id}            ends it, saved`,
    `  npm run demo -- --open ${id}   shows it in VS Code again`,
  ].join("\n");
}

/** The first Ctrl-C stops the run, which saves first; the second, or a run that does not end, leaves at once. */
function stopOnInterrupt(world: World, client: RpcClient, run: ResolvedRun) {
  const abort = new AbortController();
  let presses = 0;
  const done = world.onInterrupt(() => {
    presses += 1;
    if (presses > 1) {
      abort.abort(new Interrupted());
      return;
    }
    if (!isLively(world)) note(world, "Stopping the run, which saves first; Ctrl-C again leaves at once.");
    client.request("runs/stop", { run: run.id, ...newCommand() }).catch(() => undefined); // the limit below ends the wait
    delay(STOP_MS, undefined, { ref: false }).then(() => {
      if (!abort.signal.aborted)
        note(
          world,
          `The run did not end within ${STOP_MS / 1000} s; \`${world.program} show ${run.id}\` tells how it stands.`,
        );
      abort.abort(new Interrupted());
    });
  });
  return { signal: abort.signal, done, pressed: () => presses };
}
