import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { temporaryInstallation } from "../support/demoRun.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";
import { differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine, superviseAgainst } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let folder: EngineFolder;
let undisturbed: string;
let undisturbedSteps: number;
const engines: ScriptedEngine[] = [];

beforeAll(async () => {
  home = await temporaryInstallation();
  folder = await engineFolder();
  const engine = await freshEngine();
  const { run, outcome } = await superviseAgainst(home, folder.modelDir, engine, { change });
  expect(outcome).toEqual({ state: "completed", reason: null });
  undisturbed = run;
  undisturbedSteps = engine.callsOf("optim_step").length;
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(async () => {
  await folder.remove();
  await home.remove();
});

/** Nothing is durable inside a stage, so that whatever is not saved at the end has to be built again. */
const change = (config: Parameters<NonNullable<Parameters<typeof superviseAgainst>[3]>["change"] & object>[0]) => {
  config.checkpoints.durableEvery = 1000;
  config.solver.steps = 4;
};

async function freshEngine(): Promise<ScriptedEngine> {
  const engine = await sortingEngine(folder.modelDir);
  engines.push(engine);
  return engine;
}

/** Runs until `steps` optimiser steps were asked for, ends as told, forgets everything in the engine and resumes. */
async function endedAfter(steps: number, end: (control: RunControl) => void) {
  const engine = await freshEngine();
  const control = new RunControl();
  const watching = setInterval(() => {
    if (engine.callsOf("optim_step").length < steps) return;
    clearInterval(watching);
    end(control);
  }, 1);
  const { run, outcome } = await superviseAgainst(home, folder.modelDir, engine, { change, control });
  clearInterval(watching);
  const kept: unknown[] = [];
  for await (const { record } of readJournal(run)) if (record.type === "kept") kept.push(record);
  engine.restart();
  const resumed = await superviseAgainst(home, folder.modelDir, engine, { run });
  expect(resumed.outcome).toEqual({ state: "completed", reason: null });
  expect(await differences(undisturbed, run)).toEqual([]);
  return { outcome, kept, steps: engine.callsOf("optim_step").length };
}

test("a run that is stopped in a stage saves where training stands, and nothing is trained again when it goes on", async () => {
  const { outcome, kept, steps } = await endedAfter(undisturbedSteps - 2, (control) => control.stop());
  expect(outcome.state).toBe("stopped");
  expect(kept).toHaveLength(1);
  expect(steps).toBe(undisturbedSteps);
});

test("a supervisor that is told to leave does the same", async () => {
  const { outcome, kept, steps } = await endedAfter(2, (control) => control.leave("SIGTERM"));
  expect(outcome.state).toBe("interrupted");
  expect(kept).toHaveLength(1);
  expect(steps).toBe(undisturbedSteps);
});

test("told twice, it ends at once: steps since the last durable state are repeated, with the same records", async () => {
  const { outcome, kept, steps } = await endedAfter(undisturbedSteps - 2, (control) => {
    control.leave("SIGTERM");
    control.leave("SIGTERM");
  });
  expect(outcome.state).toBe("interrupted");
  expect(kept).toEqual([]);
  expect(steps).toBeGreaterThan(undisturbedSteps);
});
