// Launching through `rzero serve --stdio`, as the extension does, against a scripted engine.

import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import type { WorkProgress } from "../../remote-agent/src/protocol/launching.ts";
import { runIds } from "../../remote-agent/src/run/runDir.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine } from "../support/scriptedRun.ts";
import { type ServedAgent, serveAgent } from "../support/servedAgent.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let engine: ScriptedEngine;
let agents: ServedAgent[] = [];

beforeAll(async () => {
  home = await temporaryInstallation();
  engine = await sortingEngine(await baseModel(home));
}, 600_000);
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  agents = [];
});
afterAll(async () => {
  await engine?.close();
  await home?.remove();
});

function agent(): ServedAgent {
  const served = serveAgent(home, { RZERO_ENGINE_TOKEN: engine.token });
  agents.push(served);
  return served;
}

function runYaml(change: (config: RunConfig) => void = () => undefined): string {
  return stringify(
    smallConfig((config) => {
      config.iterations = 1;
      Object.assign(config.engine, { url: engine.url, callTimeout: 5 });
      change(config);
    }),
  );
}

const start = (text: string, command = randomUUID()) => ({ text, command, by: "test" });

describe("starting a run.yaml", () => {
  test("the run completes, and the same command again, also of another connection, answers with it", async () => {
    const first = agent();
    const told: WorkProgress[] = [];
    first.client.onProgress((progress) => told.push(progress));
    const asked = start(runYaml());
    const [made, joined] = await Promise.all([
      first.client.request("runs/start", asked, 120_000),
      first.client.request("runs/start", asked, 120_000),
    ]);
    expect(made.repeated).toBe(false);
    expect(joined.run).toBe(made.run);
    expect(told.map(({ text }) => text)).toEqual([
      "Looking for the base model demo",
      "Looking whether there is room",
      "Starting the run",
    ]);
    expect(told.every(({ command }) => command === asked.command)).toBe(true);
    const second = agent();
    expect(await second.client.request("runs/start", asked)).toEqual({ ...made, repeated: true });
    await expect
      .poll(async () => (await second.client.request("runs/show", { run: made.run })).view.state, { timeout: 120_000 })
      .toBe("completed");
    expect(await second.client.request("runs/start", asked)).toEqual({ ...made, repeated: true });
    expect(await runIds(home.home)).toEqual([made.run]);
    await expect(
      second.client.request(
        "runs/start",
        start(
          runYaml((c) => {
            c.seed = 7;
          }),
          asked.command,
        ),
      ),
    ).rejects.toMatchObject({
      data: { reason: "CommandReused" },
    });
    await rm(made.directory, { recursive: true });
    await expect(second.client.request("runs/start", asked)).rejects.toMatchObject({ data: { reason: "RunDeleted" } });
  }, 240_000);

  test("what cannot be started is refused with a sentence, and leaves nothing", async () => {
    const { client } = agent();
    const before = await runIds(home.home);
    await expect(
      client.request("runs/start", start("domain: sort\nmodel: demo\nitertions: 2\n")),
    ).rejects.toMatchObject({
      message: "run.yaml:3:1: 'itertions' is no setting. Did you mean 'iterations'?",
      data: { reason: "ConfigInvalid" },
    });
    await expect(
      client.request(
        "runs/start",
        start(
          runYaml((config) => {
            config.model = "/nowhere";
          }),
        ),
      ),
    ).rejects.toMatchObject({
      message: expect.stringContaining("There is no model folder /nowhere"),
    });
    expect(await runIds(home.home)).toEqual(before);
  });
});

test("a run.yaml is checked and planned without anything being started", async () => {
  const { client } = agent();
  expect(await client.request("runs/check", { text: runYaml() })).toEqual({ problems: [] });
  const { problems } = await client.request("runs/check", {
    text: "domain: sort\nmodel: demo\nsolver:\n  steps: -1\n",
  });
  expect(problems).toMatchObject([{ field: "solver.steps", line: 4, remedy: expect.stringContaining("default") }]);
  const plan = await client.request("runs/plan", { text: runYaml() });
  expect(plan).toMatchObject({ name: "demo", iterations: 1, device: "cpu", model: { named: "demo" } });
  expect(plan.seconds.low).toBeLessThanOrEqual(plan.seconds.high);
});

test("every preset's run.yaml is whole and says what its settings mean", async () => {
  const { client } = agent();
  const { presets } = await client.request("runs/presets", { seed: 3 });
  for (const { text, needs } of presets) {
    expect(await client.request("runs/check", { text })).toEqual({ problems: [] });
    expect(text).toContain("seed: 3");
    expect(text).toContain("# Solver answers a valid question, m.");
    expect(needs.engineMemory).toBeGreaterThan(0);
  }
  expect(presets.map(({ name }) => name)).toContain("demo");
});
