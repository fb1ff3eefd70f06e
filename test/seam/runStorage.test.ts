// What a run keeps on disk, against a scripted engine: retention rules, pruning by hand, forks.

import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ForkOrigin, RunConfig } from "../../remote-agent/src/protocol/config.ts";
import type { TrajectoryRecord } from "../../remote-agent/src/protocol/records.ts";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { boundariesOf } from "../../remote-agent/src/run/boundaries.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { deleteRun } from "../../remote-agent/src/run/deleteRun.ts";
import { forkRun } from "../../remote-agent/src/run/fork.ts";
import { acquireRunLock } from "../../remote-agent/src/run/journal/lock.ts";
import { PackReader, PayloadRemoved } from "../../remote-agent/src/run/journal/packReader.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { RunPackStore } from "../../remote-agent/src/run/packStore.ts";
import { pruneHome } from "../../remote-agent/src/run/pruneHome.ts";
import { pruneRun } from "../../remote-agent/src/run/pruneRun.ts";
import { readRun, runsDirectory } from "../../remote-agent/src/run/runDir.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { baseModel, temporaryInstallation } from "../support/demoRun.ts";
import { countedRecords, differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine, superviseAgainst } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;
let engine: ScriptedEngine;
/** Two iterations, nothing removed. */
let whole: string;
const completed = { state: "completed", reason: null };

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
  engine = await sortingEngine(model);
  whole = await runWith(() => undefined);
}, 600_000);
// Runs of their own: what an engine knows of another run's epochs is forgotten.
beforeEach(() => engine.restart());
afterAll(async () => {
  await engine.close();
  await home.remove();
});

async function runWith(change: (config: RunConfig) => void): Promise<string> {
  const { run, outcome } = await superviseAgainst(home, model, engine, {
    change: (config) => {
      config.iterations = 2;
      config.checkpoints.durableEvery = 1;
      change(config);
    },
  });
  expect(outcome).toEqual(completed);
  return run;
}

async function checkpointsOf(run: string): Promise<string[]> {
  return (await readdir(path.join(run, "checkpoints"))).filter((name) => !name.startsWith(".")).sort();
}

describe("retention while a run is at work", () => {
  test("stage ends stay, saves within a stage do not, and the records are those of any other run", async () => {
    expect(await checkpointsOf(whole)).toHaveLength(4); // two roles, two iterations
    const removed = (await readRunView(whole)).removed;
    expect(removed.checkpoints).toBeGreaterThan(0);
    expect(removed.bytes).toBeGreaterThan(0);
  });

  test("only the newest stage end of each role", async () => {
    const run = await runWith((config) => {
      config.checkpoints.keep.stageEnds = 1;
    });
    expect(await checkpointsOf(run)).toHaveLength(2);
    expect(await differences(whole, run)).toEqual([]);
  });

  test("texts only: token ids and log-probabilities go, texts and records stay", async () => {
    const run = await runWith((config) => {
      config.payload.keep = "text";
    });
    expect((await readRunView(run)).removed.payloads).toBe(9); // an audit and two iterations of four stages
    const [here, there] = [new PackReader(run), new PackReader(whole)];
    const store = new RunPackStore(run);
    for (const record of await trajectoriesOf(run)) {
      const entry = await here.read(record.data);
      expect(entry.removed).toEqual(["ids", "logprobs"]);
      expect(entry.text).toBe((await there.read(record.data)).text);
      expect(entry.ids).toBeUndefined();
      await expect(store.read(record.data)).rejects.toThrow(PayloadRemoved);
    }
    await Promise.all([here.close(), there.close(), store.close()]);
    const [left, right] = await Promise.all([countedRecords(whole), countedRecords(run)]);
    expect([...right.keys()].sort()).toEqual([...left.keys()].sort());
  });

  test("trained: ids and log-probabilities stay where an example names the completion", async () => {
    const run = await runWith((config) => {
      config.payload.keep = "trained";
    });
    const trained = new Set<string>();
    for (const record of (await countedRecords(run)).values())
      if (record["type"] === "example") for (const id of record["members"] as string[]) trained.add(id);
    const reader = new PackReader(run);
    const trajectories = await trajectoriesOf(run);
    for (const { id, data } of trajectories)
      expect((await reader.read(data)).removed === undefined).toBe(trained.has(id));
    await reader.close();
    expect(trained.size).toBeGreaterThan(0);
    expect(trained.size).toBeLessThan(trajectories.length);
  });

  test("whatever the rules, a run that is interrupted again and again ends with the same records", async () => {
    const { run } = await interruptedAt(1);
    for (const steps of [2, 4, 1]) {
      if ((await resumed(run, steps)).state === "completed") break;
      engine.restart(); // it has forgotten everything: the last durable checkpoint is loaded
    }
    expect((await resumed(run)).state).toBe("completed");
    const [left, right] = await Promise.all([countedRecords(whole), countedRecords(run)]);
    for (const [key, record] of left) expect(right.get(key), key).toEqual(record);
    expect(await checkpointsOf(run)).toHaveLength(2);
  });

  test("what a crash left of a removal goes when the run is opened again", async () => {
    const { run } = await interruptedAt(3);
    const trash = path.join(run, "checkpoints", ".removed-x");
    await mkdir(trash);
    await writeFile(path.join(run, "packs", ".a-0.pack.0badcafe.tmp"), "half");
    expect((await resumed(run)).state).toBe("completed");
    await expect(stat(trash)).rejects.toThrow("ENOENT");
    expect((await readdir(path.join(run, "packs"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

const strict = (config: RunConfig) => {
  config.iterations = 2;
  config.checkpoints.durableEvery = 1;
  config.checkpoints.keep = { last: 1, stageEnds: 1, optimizer: "none" };
  config.payload.keep = "text";
};

async function interruptedAt(steps: number) {
  const control = new RunControl();
  const stop = interruptAfter(control, steps);
  const { run, outcome } = await superviseAgainst(home, model, engine, { change: strict, control });
  stop();
  expect(outcome.state).toBe("interrupted");
  return { run };
}

async function resumed(run: string, steps?: number) {
  const control = new RunControl();
  const stop = steps === undefined ? () => undefined : interruptAfter(control, steps);
  const { outcome } = await superviseAgainst(home, model, engine, { run, control });
  stop();
  return outcome;
}

/** Interrupts after so many optimiser steps more. */
function interruptAfter(control: RunControl, steps: number): () => void {
  const from = engine.callsOf("optim_step").length;
  const timer = setInterval(() => {
    if (engine.callsOf("optim_step").length >= from + steps) control.interrupt("the test says so");
  }, 1);
  return () => clearInterval(timer);
}

async function trajectoriesOf(run: string): Promise<TrajectoryRecord[]> {
  const found: TrajectoryRecord[] = [];
  for await (const { record } of readJournal(run))
    if (record.type === "trajectory") found.push(record as unknown as TrajectoryRecord);
  return found;
}

describe("pruning by hand", () => {
  test("says what would go, then removes exactly that, records it, and finds nothing more", async () => {
    const run = await runWith(() => undefined);
    const rules = (config: RunConfig): RunConfig => ({
      ...config,
      checkpoints: { ...config.checkpoints, keep: { last: 1, stageEnds: 1, optimizer: "none" } },
      payload: { keep: "text" },
    });
    const before = await checkpointsOf(run);
    const planned = await pruneRun(run, { dryRun: true, rules });
    expect(await checkpointsOf(run)).toEqual(before);
    const done = await pruneRun(run, { dryRun: false, rules });
    const ids = (list: typeof done) => list.flatMap((item) => item.ids.map((id) => `${item.what} ${id}`)).sort();
    expect(ids(done)).toEqual(ids(planned));
    expect(await checkpointsOf(run)).toHaveLength(2);
    expect(await pruneRun(run, { dryRun: false, rules })).toEqual([]);
    const view = await readRunView(run);
    expect(view.state).toBe("completed");
    expect(view.removed.payloads).toBe(9);
    expect(JSON.parse(await readFile(path.join(run, "summary.json"), "utf8")).removed).toEqual(view.removed);
  });

  test("a run that a process owns is left alone", async () => {
    const lock = await acquireRunLock(whole, { onLost: () => undefined });
    try {
      await expect(pruneRun(whole, { dryRun: false, rules: (config) => config })).rejects.toThrow(/already being run/);
      await expect(deleteRun(whole)).rejects.toThrow(/already being run/);
    } finally {
      await lock.release();
    }
  });

  test("copies of agents and engines go when no run needs them and they are not new", async () => {
    const spare = path.join(home.home, "engines", "0123456789abcdef0123456789abcdef");
    await mkdir(spare, { recursive: true });
    await writeFile(path.join(spare, "x.py"), "pass");
    expect((await pruneHome(home.home, { now: Date.now() })).removed).toEqual([]);
    const old = new Date(Date.now() - 7_200_000);
    for (const name of await readdir(path.join(home.home, "engines")))
      await utimes(path.join(home.home, "engines", name), old, old);
    const { removed, kept } = await pruneHome(home.home, { now: Date.now() });
    expect(removed).toEqual([{ path: "engines/0123456789abcdef0123456789abcdef", bytes: 4 }]);
    const engineOfRun = (await readRun(whole)).identity.engine;
    expect(kept.map((item) => item.path)).toContain(`engines/${engineOfRun}`);
    await expect(stat(spare)).rejects.toThrow("ENOENT");
  });
});

describe("forks", () => {
  async function forkOf(parentDir: string, at: string | null, change: Partial<RunConfig>) {
    const parent = await readRun(parentDir);
    const configure = (inherited: RunConfig): RunConfig => ({ ...inherited, ...change });
    return forkRun(home, { parentDir, parent, at, configure, now: new Date() });
  }
  const seedOfParent = { seed: 0 };

  test.each(["1", "1/challenger", "1/solver", "0"])(
    "after %s, with the parent's seed, it has the parent's records from there on and no other iterations",
    async (at) => {
      const { runDir, run } = await forkOf(whole, at, seedOfParent);
      expect(await finished(runDir)).toEqual(completed);
      const [parents, own] = await Promise.all([countedRecords(whole), countedRecords(runDir)]);
      const inherited = new Set([...parents.keys()].filter((key) => !own.has(key)));
      const added = [...own.keys()].filter((key) => !parents.has(key));
      expect(added).toEqual([]); // same keys and so same ids
      const beginning = [...own.values()].filter((record) => String(record["call"]).startsWith("learn:base:"));
      for (const [key, record] of own) {
        const made = String(record["key"] ?? record["call"]);
        if (!made.startsWith("iteration:")) continue; // where it begins, and the audit of that
        expect(inNamesOfParent(record, run.from, beginning), key).toEqual(parents.get(key));
      }
      const done = [...inherited].filter((key) => key.startsWith("call iteration:1/challenger")).length;
      expect(done > 0).toBe(at !== "0");
      expect(run.from).toMatchObject({ run: path.basename(whole) });
    },
  );

  test("lineage crosses by the parent's record ids, and the fork stands alone when the parent is deleted", async () => {
    const parent = await runWith(() => undefined);
    const boundary = (await boundariesOf(parent)).find((item) => item.iteration === 1 && item.stage === "solver");
    const { runDir, run } = await forkOf(parent, "1", {});
    expect(run.config.seed).not.toBe(0);
    expect(await deleteRun(parent)).toBeGreaterThan(0);
    await expect(stat(parent)).rejects.toThrow("ENOENT");
    expect(await finished(runDir)).toEqual(completed);
    for (const role of ["challenger", "solver"]) {
      const ours = [...(await countedRecords(runDir)).values()].find(
        (record) => record["call"] === `learn:base:${role}`,
      );
      expect(ours).toMatchObject({ method: "fork", parents: [boundary?.checkpoints.get(role)?.id] });
    }
    const again = await forkOf(whole, "1", { seed: run.config.seed });
    expect(await finished(again.runDir)).toEqual(completed);
    expect(await differences(runDir, again.runDir)).toEqual([]);
  });

  test("a fork of a fork names who trained the weights", async () => {
    const first = await forkOf(whole, "1/challenger", {});
    const challenger = first.run.from?.checkpoints["challenger"];
    expect(challenger?.run).toBe(path.basename(whole));
    expect(await finished(first.runDir)).toEqual(completed);
    const second = await forkOf(first.runDir, "1", { iterations: 3 });
    expect(second.run.from?.checkpoints["challenger"]).toEqual(challenger);
    expect(second.run.from?.checkpoints["solver"]?.run).toBe(first.run.id);
  });

  test.each([
    ["2", {}, /nothing to do: ask for more with --set iterations=3/],
    ["7", { iterations: 9 }, /has no boundary '7'. There are: 0, 1\/challenger, 1, 2\/challenger, 2\./],
    ["1/curriculum", {}, /trains nothing/],
    ["first", {}, /is no boundary: write ITERATION/],
    ["1", { policy: { kind: "lora", rank: 4 } as const }, /`policy` cannot change/],
  ])("after %s with %j it is refused and leaves nothing behind", async (at, change, message) => {
    const before = await readdir(runsDirectory(home.home));
    await expect(forkOf(whole, at, change)).rejects.toThrow(message);
    expect(await readdir(runsDirectory(home.home))).toEqual(before);
  });

  test("a boundary whose weights were removed by retention is refused with a sentence", async () => {
    const run = await runWith((config) => {
      config.checkpoints.keep.stageEnds = 1;
    });
    await expect(forkOf(run, "1", {})).rejects.toThrow(/was removed by retention/);
    await rm(path.join(run, "checkpoints"), { recursive: true });
  });

  /** The record with the parent's ids of the checkpoints that the fork begins with. */
  function inNamesOfParent(
    record: unknown,
    from: ForkOrigin | undefined,
    beginning: Record<string, unknown>[],
  ): unknown {
    let text = JSON.stringify(record);
    for (const { id, role } of beginning) {
      const origin = from?.checkpoints[String(role)];
      if (origin != null) text = text.replaceAll(String(id), origin.checkpoint);
    }
    return JSON.parse(text);
  }

  async function finished(runDir: string) {
    const common = { python: home.python, enginePackageDir: home.enginePackageDir, engineToken: engine.token };
    return supervise({ runDir, ...common, recipe: rZero, log: () => undefined }, new RunControl());
  }
});
