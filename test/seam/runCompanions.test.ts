// What goes with a run while it is owned: metrics that stream out, telemetry. None of it may harm the run.

import { chmod, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { MetricPoints } from "../../remote-agent/src/run/metrics/points.ts";
import { asRunRecord, readRunView } from "../../remote-agent/src/run/opened.ts";
import { readHistory } from "../../remote-agent/src/run/telemetry/history.ts";
import { temporaryInstallation } from "../support/demoRun.ts";
import { readMetrics } from "../support/readMetrics.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";
import { differences } from "../support/sameRun.ts";
import { sortingEngine, superviseAgainst } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let folder: EngineFolder;
let undisturbed: string;

beforeAll(async () => {
  home = await temporaryInstallation();
  folder = await engineFolder();
  const engine = await sortingEngine(folder.modelDir);
  ({ run: undisturbed } = await superviseAgainst(home, folder.modelDir, engine));
  await engine.close();
});

afterAll(async () => {
  await folder.remove();
  await home.remove();
});

const tensorboard = (config: { metrics: { tensorboard: boolean } }) => {
  config.metrics.tensorboard = true;
};

test("a run that is interrupted and resumed has every point once, and the records of one that streams nothing", async () => {
  const engine = await sortingEngine(folder.modelDir);
  const control = new RunControl();
  const interrupting = setInterval(() => {
    if (engine.callsOf("optim_step").length < 5) return;
    clearInterval(interrupting);
    control.interrupt("the test ends it");
  }, 5);
  const first = await superviseAgainst(home, folder.modelDir, engine, { change: tensorboard, control });
  expect(first.outcome.state).toBe("interrupted");
  const { run } = first;
  const { outcome } = await superviseAgainst(home, folder.modelDir, engine, { run });
  await engine.close();
  expect(outcome.state).toBe("completed");
  const files = await readdir(path.join(run, "tensorboard"));
  expect(files).toHaveLength(1);
  const events = await readMetrics("tensorboard", path.join(run, "tensorboard", files[0] ?? ""));
  const points = new MetricPoints();
  const expected: string[] = [];
  for await (const { record } of readJournal(run)) {
    const known = asRunRecord(record);
    for (const point of known === null ? [] : points.add(known)) {
      if (point.kind !== "scalars") continue;
      for (const name of Object.keys(point.values)) expected.push(`${point.axis}/${name} ${point.step}`);
    }
  }
  const found = events.filter((event) => "value" in event).map(({ tag, step }) => `${tag} ${step}`);
  expect(found).toEqual(expected);
  expect(new Set(found).size).toBe(found.length);
  expect(found.filter((name) => name.startsWith("solver/reward "))).toHaveLength(3);
  expect(await differences(undisturbed, run)).toEqual([]);
  const history = await readHistory(run);
  expect(history.length).toBeGreaterThanOrEqual(2);
  expect(history[0]?.agentMemory).toBeGreaterThan(2 ** 20);
});

test("a sink that cannot run costs the run nothing but a notice", async () => {
  const python = path.join(home.home, "broken-python");
  await writeFile(python, "#!/bin/sh\necho no such module >&2\nexit 1\n");
  await chmod(python, 0o755);
  const engine = await sortingEngine(folder.modelDir);
  const { run, outcome } = await superviseAgainst({ ...home, python }, folder.modelDir, engine, {
    change: tensorboard,
  });
  await engine.close();
  expect(outcome).toEqual({ state: "completed", reason: null });
  expect(await differences(undisturbed, run)).toEqual([]);
  expect((await readRunView(run)).notices).toContainEqual(
    expect.objectContaining({ code: "metrics_sink", message: expect.stringContaining("The run goes on") }),
  );
});
