import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { temporaryInstallation } from "../support/demoRun.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";
import { differences } from "../support/sameRun.ts";
import type { Fault, ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine, superviseAgainst } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let folder: EngineFolder;
let undisturbed: string;
const engines: ScriptedEngine[] = [];

beforeAll(async () => {
  home = await temporaryInstallation();
  folder = await engineFolder();
  const { run, outcome } = await superviseAgainst(home, folder.modelDir, await freshEngine());
  expect(outcome).toEqual({ state: "completed", reason: null });
  undisturbed = run;
});

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

afterAll(async () => {
  await folder.remove();
  await home.remove();
});

async function freshEngine(question?: (seed: number) => string): Promise<ScriptedEngine> {
  const engine = await sortingEngine(folder.modelDir, question);
  engines.push(engine);
  return engine;
}

describe("trouble that passes leaves no trace in the records", () => {
  const cases: [string, string, Fault, number][] = [
    ["a completion request that is never answered", "completions", { kind: "hang" }, 1],
    ["server errors", "completions", { kind: "status", status: 500 }, 3],
    ["a gradient call that is never answered", "forward_backward", { kind: "hang" }, 1],
    ["a gradient call that was done but whose answer was lost", "forward_backward", { kind: "dropAfter" }, 1],
    ["an optimiser step that was done but whose answer was lost", "optim_step", { kind: "dropAfter" }, 1],
    ["a save that was done but whose answer was lost", "save_weights", { kind: "dropAfter" }, 1],
  ];
  test.each(cases)("%s", async (_name, call, fault, times) => {
    const engine = await freshEngine();
    engine.fail(call, fault, times);
    const { run, outcome } = await superviseAgainst(home, folder.modelDir, engine, {
      change: (config) => {
        if (fault.kind === "hang") config.engine.callTimeout = 10;
      },
    });
    expect(outcome).toEqual({ state: "completed", reason: null });
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  test("an engine that forgets everything in the middle of a stage", async () => {
    const engine = await freshEngine();
    const restarting = setInterval(() => {
      if (engine.callsOf("optim_step").length >= 3) {
        clearInterval(restarting);
        engine.restart();
      }
    }, 1);
    const { run, outcome } = await superviseAgainst(home, folder.modelDir, engine);
    clearInterval(restarting);
    expect(outcome).toEqual({ state: "completed", reason: null });
    expect(await differences(undisturbed, run)).toEqual([]);
  });
});

describe("trouble that stays ends with a reason and what to do", () => {
  test("an engine that only fails: the run pauses, and resumes to the same records", async () => {
    const engine = await freshEngine();
    engine.fail("completions", { kind: "status", status: 500 }, 10_000);
    const { run, outcome } = await superviseAgainst(home, folder.modelDir, engine, {
      change: (config) => Object.assign(config.engine, { callTimeout: 10, restarts: 1 }),
    });
    expect(outcome.state).toBe("paused");
    expect(outcome.reason).toMatch(/The engine failed 2 times in a row/);
    expect((await readRunView(run)).remedy).toMatch(/resume/);
    engine.heal();
    const resumed = await superviseAgainst(home, folder.modelDir, engine, { run });
    expect(resumed.outcome).toEqual({ state: "completed", reason: null });
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  test("log-probabilities that are no numbers: the run fails, names the call and stores none of them", async () => {
    const engine = await freshEngine();
    const poisoned = (body: unknown) => JSON.stringify(body).replace(/-\d\.\d+/, "NaN");
    engine.fail("completions", { kind: "corrupt", change: poisoned }, 10_000);
    const { run, outcome } = await superviseAgainst(home, folder.modelDir, engine);
    expect(outcome.state).toBe("failed");
    expect(outcome.reason).toMatch(/completions/);
    for await (const { record } of readJournal(run)) expect(JSON.stringify(record)).not.toMatch(/NaN/);
  });

  test("a base model that never poses a valid question: the run pauses before the Solver has nothing to train on", async () => {
    const engine = await freshEngine(() => "no question at all");
    const { run, outcome } = await superviseAgainst(home, folder.modelDir, engine);
    expect(outcome.state).toBe("paused");
    expect(outcome.reason).toMatch(/kept none of 60 questions/);
    const view = await readRunView(run);
    expect(view.remedy).toMatch(/question format/);
    expect(view.notices.map((notice) => notice.code)).toContain("no_gradient");
  });
});
