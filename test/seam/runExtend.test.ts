// Runs that get more iterations after they were created, against a scripted engine.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { extendResting, recordsOf } from "../../remote-agent/src/run/extend.ts";
import { openRun, readRunView } from "../../remote-agent/src/run/opened.ts";
import { readRun, runIds, runsDirectory } from "../../remote-agent/src/run/runDir.ts";
import { appendPatch } from "../../remote-agent/src/run/runPatch.ts";
import { baseModel, temporaryInstallation } from "../support/demoRun.ts";
import { ownerOf } from "../support/runOwner.ts";
import { countedRecords, differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine, superviseAgainst } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;
/** Two iterations from the start. */
let whole: string;
const engines: ScriptedEngine[] = [];
const completed = { state: "completed", reason: null };
const now = new Date();

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
  whole = (await runOf(2)).run;
}, 600_000);
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(async () => {
  await home.remove();
});

async function freshEngine(): Promise<ScriptedEngine> {
  const engine = await sortingEngine(model);
  engines.push(engine);
  return engine;
}

async function runOf(iterations: number, run?: string) {
  const engine = await freshEngine();
  const done = await superviseAgainst(home, model, engine, {
    change: (config) => {
      config.iterations = iterations;
      config.engine.url = engine.url;
    },
    ...(run === undefined ? {} : { run }),
  });
  return { ...done, engine };
}

/** A run of one iteration; the engine stays at the address that its run.yaml names. */
async function oneIteration() {
  const engine = await sortingEngine(model);
  engines.push(engine);
  const change = (config: { iterations: number }) => Object.assign(config, { iterations: 1 });
  const { run, outcome } = await superviseAgainst(home, model, engine, { change });
  expect(outcome).toEqual(completed);
  return { run, resume: () => superviseAgainst(home, model, engine, { run }), engine };
}

const extension = (iterations: number, command = "a-command") => ({
  command,
  by: "test",
  settings: { iterations },
});

test("an extended run has the records of one that was configured so from the start, and repeats no work", async () => {
  const { run, resume, engine } = await oneIteration();
  const firstHalf = await countedRecords(run);
  const sampled = engine.callsOf("completions").length;
  await extendResting(run, extension(2), now);
  const view = await readRunView(run);
  expect(view).toMatchObject({ state: "paused", reason: "The run was extended: 2 iterations." });
  expect(JSON.parse(await readFile(path.join(run, "summary.json"), "utf8")).state).toBe("paused");
  expect((await resume()).outcome).toEqual(completed);
  expect(await differences(whole, run)).toEqual([]);
  const drawn = engine.callsOf("completions").length - sampled;
  const inAll = [...(await countedRecords(run)).keys()].filter((key) => /^call .*chunk/.test(key)).length;
  const inFirst = [...firstHalf.keys()].filter((key) => /^call .*chunk/.test(key)).length;
  expect(drawn).toBe(inAll - inFirst);
});

describe("what is asked for", () => {
  test("run.yaml stays as it is, the patch lies beside it, and the same command again changes nothing", async () => {
    const { run } = await oneIteration();
    const yaml = await readFile(path.join(run, "run.yaml"), "utf8");
    expect((await extendResting(run, extension(2), now)).repeated).toBe(false);
    expect((await extendResting(run, extension(2), now)).repeated).toBe(true);
    expect(await readFile(path.join(run, "run.yaml"), "utf8")).toBe(yaml);
    expect((await readRun(run)).config.iterations).toBe(2);
    await extendResting(
      run,
      { ...extension(3, "another"), settings: { "checkpoints.keep.last": 1, iterations: 3 } },
      now,
    );
    expect((await readRun(run)).config).toMatchObject({ iterations: 3, checkpoints: { keep: { last: 1 } } });
  });

  test.each([
    [{ iterations: 2 }, /is configured so already/],
    [{ iterations: 0 }, /'iterations'/],
    [{ "solver.steps": 9 }, /'solver.steps' is part of what the run is/],
    [{ "checkpoints.keep.newest": 9 }, /There is no setting/],
    [{ "alarms.webhook": "http://elsewhere.example/" }, /'alarms.webhook' is part of what the run is/],
    [{ alarms: { webhook: "http://elsewhere.example/" } }, /'alarms' is part of what the run is/],
    [{ "payload.keep": "everything" }, /'payload.keep'/],
    [{ "payload.__proto__": 1 }, /There is no setting/],
  ])("%j is refused and leaves no trace", async (settings, message) => {
    const before = await readRunView(whole);
    await expect(extendResting(whole, { command: "c", by: "test", settings }, now)).rejects.toThrow(message);
    expect(await readRunView(whole)).toEqual(before);
    expect((await readRun(whole)).config.iterations).toBe(2);
  });

  test("fewer iterations than a run has are refused", async () => {
    await expect(extendResting(whole, extension(1), now)).rejects.toThrow(/can only be extended/);
  });
});

test("a crash between record and patch leaves a run that resumes to nothing and can be extended again", async () => {
  const { run, resume } = await oneIteration();
  const opened = await openRun(run, () => undefined);
  const next = { ...(await readRun(run)), id: "as it would be" };
  await opened.journal.append(recordsOf("a-command", "test", next, { iterations: 2 }, true), { durable: true });
  await opened.close();
  expect((await resume()).outcome).toEqual(completed);
  await extendResting(run, extension(2), now);
  expect((await resume()).outcome).toEqual(completed);
  expect(await differences(whole, run)).toEqual([]);
});

test("a crash while the patch is written leaves the old patches", async () => {
  const { run } = await oneIteration();
  await appendPatch(run, { command: "first", at: "", by: "test", set: { iterations: 2 } });
  await writeFile(path.join(run, ".run.patch.yaml.0badcafe.tmp"), "- command: half");
  expect((await readRun(run)).config.iterations).toBe(2);
});

test("a run at work goes on beyond the end it had, and one command asks once", async () => {
  const engine = await freshEngine();
  const before = new Set(await runIds(home.home));
  let asked: Promise<unknown> | undefined;
  const supervised = superviseAgainst(home, model, engine, {
    change: (config) => {
      config.iterations = 1;
    },
  });
  const waiting = setInterval(async () => {
    if (asked !== undefined || engine.callsOf("optim_step").length < 2) return;
    clearInterval(waiting);
    asked = ask();
  }, 1);
  const { run, outcome } = await supervised;
  expect(outcome).toEqual(completed);
  expect(await asked).toMatchObject([
    { iterations: 2, repeated: false },
    { iterations: 2, repeated: true },
  ]);
  expect(await differences(whole, run)).toEqual([]);

  async function ask() {
    const newest = (await runIds(home.home)).find((id) => !before.has(id)) ?? "";
    const client = await ownerOf(path.join(runsDirectory(home.home), newest));
    const params = { run: newest, ...extension(2, "live") };
    const answers = [await client.request("runs/extend", params), await client.request("runs/extend", params)];
    client.close();
    return answers;
  }
});
