// Launching through `rzero serve --stdio`, as the extension does, against a scripted engine.

import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import type { WorkProgress } from "../../remote-agent/src/protocol/launching.ts";
import type { RunSummary } from "../../remote-agent/src/protocol/rpc.ts";
import { runIds } from "../../remote-agent/src/run/runDir.ts";
import { AgentClient } from "../../src/link/agentClient.ts";
import { HostLink } from "../../src/link/hostLink.ts";
import { download } from "../../src/runActions/download/download.ts";
import { hostPorts } from "../../src/runActions/download/hostPorts.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine } from "../support/scriptedRun.ts";
import { agentProcess, type ServedAgent, serveAgent } from "../support/servedAgent.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;
const engines: ScriptedEngine[] = [];
let agents: ServedAgent[] = [];

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
}, 600_000);
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  agents = [];
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  await home?.remove();
});

/** What the supervisors that it starts say to a scripted engine. */
function agent(engine?: ScriptedEngine): ServedAgent {
  const served = serveAgent(home, engine === undefined ? {} : { RZERO_ENGINE_TOKEN: engine.token });
  agents.push(served);
  return served;
}

async function freshEngine(): Promise<ScriptedEngine> {
  const engine = await sortingEngine(model);
  engines.push(engine);
  return engine;
}

function runYaml(url: string | null, change: (config: RunConfig) => void = () => undefined): string {
  return stringify(
    smallConfig((config) => {
      config.iterations = 1;
      Object.assign(config.engine, { url, callTimeout: 60 });
      change(config);
    }),
  );
}

async function untilItRests(client: ServedAgent["client"], run: string): Promise<RunSummary> {
  for (;;) {
    const summary = await client.request("runs/show", { run });
    if (!summary.live) return summary;
    await delay(200);
  }
}

const start = (text: string, command = randomUUID()) => ({ text, command, by: "test" });

describe("starting a run.yaml", () => {
  test("the run completes, and the same command again, also of another connection, answers with it", async () => {
    const engine = await freshEngine();
    const first = agent(engine);
    const told: WorkProgress[] = [];
    first.client.onProgress((progress) => told.push(progress));
    const asked = start(runYaml(engine.url));
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
    expect((await untilItRests(second.client, made.run)).view.state).toBe("completed");
    expect(await second.client.request("runs/start", asked)).toEqual({ ...made, repeated: true });
    expect(await runIds(home.home)).toEqual([made.run]);
    await expect(
      second.client.request(
        "runs/start",
        start(
          runYaml(null, (c) => {
            c.seed = 7;
          }),
          asked.command,
        ),
      ),
    ).rejects.toMatchObject({
      data: { reason: "CommandReused" },
    });
    const fork = { run: made.run, at: null, settings: { iterations: 2 }, name: "second", command: randomUUID() };
    const [forked, forkedToo] = await Promise.all([
      first.client.request("runs/fork", fork, 120_000),
      second.client.request("runs/fork", fork, 120_000),
    ]);
    expect(forked).toMatchObject({ iteration: 1, stage: "solver" });
    expect(await second.client.request("runs/fork", fork, 120_000)).toEqual({ ...forked, repeated: true });
    expect(forkedToo.run).toBe(forked.run);
    expect((await runIds(home.home)).sort()).toEqual([made.run, forked.run].sort());
    await expect(second.client.request("runs/fork", { ...fork, name: "third" })).rejects.toMatchObject({
      data: { reason: "CommandReused" },
    });
    await rm(forked.directory, { recursive: true });
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
          runYaml(null, (config) => {
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

describe("a run that has ended", () => {
  let run: string;
  let directory: string;
  let engine: ScriptedEngine;

  beforeAll(async () => {
    engine = await freshEngine();
    const { client, close } = serveAgent(home, { RZERO_ENGINE_TOKEN: engine.token });
    ({ run, directory } = await client.request("runs/start", start(runYaml(engine.url)), 120_000));
    await untilItRests(client, run);
    await close();
  }, 240_000);

  test("has tags and notes, of which the last writer wins, and none of them is part of what the run is", async () => {
    const { client } = agent();
    const before = await readFile(path.join(directory, "run.yaml"), "utf8");
    expect(await client.request("runs/annotations", { run })).toEqual({ annotations: null });
    await client.request("runs/annotate", {
      run,
      tags: ["baseline", "baseline", " seed 0 "],
      notes: "First.\n\nMore.",
      by: "ada",
    });
    await client.request("runs/annotate", { run, tags: ["kept"], by: "grace" });
    const { annotations } = await client.request("runs/annotations", { run });
    expect(annotations).toMatchObject({ tags: ["kept"], notes: "First.\n\nMore.", by: "grace" });
    const { runs } = await client.request("runs/list", {});
    const listed = runs.find(({ id }) => id === run);
    expect(listed).toMatchObject({ annotations: { tags: ["kept"], firstLine: "First.", by: "grace" }, origin: null });
    expect(await readFile(path.join(directory, "run.yaml"), "utf8")).toBe(before);
    await expect(client.request("runs/annotate", { run, tags: ["a,b"], by: "ada" })).rejects.toMatchObject({
      code: -32602,
    });
    await writeFile(path.join(directory, "annotations.json"), "{ half");
    expect(await client.request("runs/annotations", { run })).toEqual({ annotations: null });
  });

  test("says what it is: a run.yaml that can be started again, with what it runs with", async () => {
    const { client } = agent();
    const { text, identity, patches, from } = await client.request("runs/config", { run });
    expect(await client.request("runs/check", { text })).toEqual({ problems: [] });
    expect(parse(text)).toEqual(parse(runYaml(engine.url)));
    expect(identity.engine).toMatch(/^[0-9a-f]{32}$/);
    expect([patches, from]).toEqual([[], null]);
  });

  test("is exported into a folder of the host, which can be downloaded as well", async () => {
    const { client } = agent();
    const told: WorkProgress[] = [];
    client.onProgress((progress) => told.push(progress));
    const command = randomUUID();
    const wanted = { format: "jsonl" as const, what: ["questions" as const], checkpoint: null };
    const made = await client.request("runs/export", { run, command, ...wanted }, 120_000);
    expect(made.rows["questions"]).toBeGreaterThan(10);
    expect(told[0]).toMatchObject({ command, text: expect.stringContaining(made.directory) });
    const { files } = await client.request("runs/files", { run, export: made.export });
    expect(files.map((file) => file.path)).toEqual(["README.md", "data/questions.jsonl"]);
    await expect(client.request("runs/files", { run, export: "../../runs" })).rejects.toThrow(/has no export/);
  });

  test("gives out what makes it up and nothing else", async () => {
    const { client } = agent();
    await writeFile(path.join(directory, "engine.token"), "tml-secret", { mode: 0o600 });
    await symlink("/etc", path.join(directory, "logs", "elsewhere"));
    const { files } = await client.request("runs/files", { run });
    const paths = files.map((file) => file.path);
    expect(paths[0]).toBe("run.yaml");
    expect(paths.some((name) => name.startsWith("checkpoints/"))).toBe(true);
    expect(paths.filter((name) => /token|LOCK|lease|ballast|elsewhere/.test(name))).toEqual([]);
    const without = await client.request("runs/files", { run, checkpoints: "none" });
    expect(without.files.filter((file) => file.path.startsWith("checkpoints/"))).toEqual([]);
    const version = files[0]?.version ?? "";
    for (const name of ["engine.token", "../../x", "logs/elsewhere/passwd", "journal/../engine.token", "/etc/passwd"]) {
      const piece = { run, path: name, version, from: 0, length: 100 };
      await expect(client.request("runs/file", piece)).rejects.toMatchObject({ data: { reason: "FileChanged" } });
    }
  });

  test("is downloaded over a connection that is cut in the middle, and is then a run of this machine", async () => {
    const processes: ReturnType<typeof agentProcess>[] = [];
    const link = new HostLink({
      attach: async () => {
        const served = agentProcess(home);
        processes.push(served);
        const client = new AgentClient("node", served.stream);
        return { client, lost: client.gone.then(() => null), close: async () => client.close() };
      },
      now: Date.now,
      random: () => 0,
      onState: () => undefined,
    });
    link.connect();
    const here = await mkdtemp(path.join(tmpdir(), "rzero-here-"));
    onTestFinished(async () => {
      await link.close();
      for (const served of processes) await served.end();
      await rm(here, { recursive: true, force: true });
    });
    const runs = path.join(here, "runs");
    await mkdir(runs);
    const ports = hostPorts(link, { run, checkpoints: "all" });
    let pieces = 0;
    const note = { from: "node", at: new Date(0).toISOString(), by: "ada", checkpoints: "all" };
    const done = await download(
      {
        target: path.join(runs, run),
        aside: path.join(runs, `.download-${run}`),
        source: `node/${run}`,
        beside: { "downloaded.json": JSON.stringify(note) },
      },
      {
        ...ports,
        piece: (stretch, signal) => {
          pieces += 1;
          if (pieces === 5 || pieces === 9) processes.at(-1)?.cut();
          return ports.piece(stretch, signal);
        },
        onProgress: () => undefined,
        now: Date.now,
      },
      new AbortController().signal,
    );
    expect(processes.length).toBe(3);
    expect(done.bytes).toBeGreaterThan(10_000);
    for (const name of (await agent().client.request("runs/files", { run })).files.map((file) => file.path))
      expect(await readFile(path.join(runs, run, name)), name).toEqual(await readFile(path.join(directory, name)));
    const local = serveAgent({ ...home, env: { ...home.env, RZERO_HOME: here } });
    agents.push(local);
    const [original, copy] = [
      await agent().client.request("runs/show", { run }),
      await local.client.request("runs/show", { run }),
    ];
    expect(copy).toMatchObject({
      live: false,
      view: original.view,
      origin: { kind: "downloaded", from: "node", by: "ada" },
    });
    const questions = async () => local.client.request("runs/questions", { run, query: {} });
    await expect.poll(async () => (await questions()).index.current).toBe(true);
    expect((await questions()).total).toBeGreaterThan(10);
  });
});

test("a run that names what it executes by anything but a hash is not started", async () => {
  const engine = await freshEngine();
  const { client } = agent(engine);
  const { run, directory } = await client.request(
    "runs/start",
    start(
      runYaml(engine.url, (config) => {
        config.iterations = 5;
      }),
    ),
    120_000,
  );
  await client.request("runs/stop", { run, command: randomUUID(), by: "test" }, 120_000);
  await untilItRests(client, run);
  const file = path.join(directory, "run.yaml");
  await chmod(file, 0o600);
  await writeFile(file, (await readFile(file, "utf8")).replace(/engine: [0-9a-f]{32}/, `engine: ../runs/${run}`));
  await expect(client.request("runs/resume", { run, command: randomUUID(), by: "test" })).rejects.toThrow(
    /is no hash, so nothing of it is executed/,
  );
});

test("a run.yaml is checked and planned without anything being started", async () => {
  const { client } = agent();
  expect(await client.request("runs/check", { text: runYaml(null) })).toEqual({ problems: [] });
  const { problems } = await client.request("runs/check", {
    text: "domain: sort\nmodel: demo\nsolver:\n  steps: -1\n",
  });
  expect(problems).toMatchObject([{ field: "solver.steps", line: 4, remedy: expect.stringContaining("default") }]);
  const plan = await client.request("runs/plan", { text: runYaml(null) });
  expect(plan).toMatchObject({ name: "demo", iterations: 1, device: "cpu", model: { named: "demo" } });
  expect(plan.seconds.low).toBeLessThanOrEqual(plan.seconds.high);
  const text = runYaml(null, (config) => {
    config.iterations = 3;
  });
  const whole = await client.request("runs/plan", { text });
  const rest = await client.request("runs/plan", { text, after: 2 }); // of a fork
  expect([whole.iterations, rest.iterations]).toEqual([3, 1]);
  expect(rest.seconds.high).toBeLessThan(whole.seconds.high);
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
