import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { AlarmRule } from "../../remote-agent/src/protocol/alarms.ts";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import type { AlarmRecord } from "../../remote-agent/src/protocol/records.ts";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { WEBHOOK_VARIABLE } from "../../remote-agent/src/run/alarms/webhook.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { extendResting } from "../../remote-agent/src/run/extend.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";
import { differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { hash, unit } from "../support/scriptedModel.ts";
import { sortingEngine, sortQuestion, superviseAgainst } from "../support/scriptedRun.ts";
import { SECRET, startReceiver } from "../support/webhookReceiver.ts";

// Each alarm on a run that is made to deserve it: the real recipe, journal and supervisor, and an engine whose model misbehaves.

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let folder: EngineFolder;
const engines: ScriptedEngine[] = [];

beforeAll(async () => {
  home = await temporaryInstallation();
  folder = await engineFolder();
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(async () => {
  await folder.remove();
  await home.remove();
});

type Shape = Parameters<typeof sortingEngine>[2];

async function engineOf(question = sortQuestion as (seed: number, steps: number) => string, shape: Shape = {}) {
  const engine = await sortingEngine(folder.modelDir, question, shape);
  engines.push(engine);
  return engine;
}

const asked = (digits: string) => `<question>sort ${digits}</question>\\boxed{${sorted(digits)}}`;
const sorted = (digits: string) => [...digits].sort().join("");
const digitsOf = (seed: number, length: number) => Array.from({ length }, (_, i) => hash([seed, i]) % 10).join("");

/** A run against an engine, and the alarms in its journal. */
async function alarmsOf(
  engine: ScriptedEngine,
  change: (config: RunConfig) => void = () => undefined,
  { run, python = home.python }: { run?: string; python?: string } = {},
): Promise<{ run: string; state: string; alarms: AlarmRecord[] }> {
  const supervised = await superviseAgainst({ ...home, python }, folder.modelDir, engine, {
    change,
    ...(run === undefined ? {} : { run }),
  });
  return { run: supervised.run, state: supervised.outcome.state, alarms: await alarmsIn(supervised.run) };
}

async function alarmsIn(run: string): Promise<AlarmRecord[]> {
  const alarms: AlarmRecord[] = [];
  for await (const { record } of readJournal(run)) if (record.type === "alarm") alarms.push(record as never);
  return alarms;
}

const raised = (alarms: readonly AlarmRecord[]) =>
  alarms.filter(({ phase }) => phase === "raised").map(({ rule }) => rule);

const threeQuestions = (seed: number) => asked(digitsOf(hash([seed, 5]) % 3, 9));

describe("a run that deserves it raises the alarm, and no other", () => {
  const steps = (config: RunConfig) => {
    config.challenger.steps = 5;
    config.solver.steps = 6;
  };
  const cases: [AlarmRule, () => Promise<ScriptedEngine>, Partial<AlarmRecord>][] = [
    ["duplicates", () => engineOf(threeQuestions), { iteration: 1, stage: "challenger", step: 1, role: "challenger" }],
    [
      "lengthJump",
      () => engineOf((seed, trained) => asked(digitsOf(seed, trained < 4 ? 3 + (hash([seed]) % 2) : 14))),
      { iteration: 1, stage: "challenger", role: "challenger" },
    ],
    [
      "settled",
      () => engineOf(sortQuestion, { answers: (digits) => sorted(digits) }),
      { iteration: 1, stage: "challenger", step: 1 },
    ],
    [
      "uniqueCollapse",
      () =>
        engineOf(sortQuestion, { answers: (_digits, seed) => (unit(hash([seed])) < 0.6 ? "7" : digitsOf(seed, 4)) }),
      { iteration: 1, stage: "challenger", step: 1 },
    ],
    [
      "entropyCollapse",
      () => engineOf(sortQuestion, { entropy: (trained) => (trained < 4 ? 1 : 0.05) }),
      { iteration: 1, role: "challenger" },
    ],
    [
      // What it is trained on it answers ever more alike; the lengths that only the audit asks for it forgets.
      "auditFalls",
      () =>
        engineOf((seed) => asked(digitsOf(seed, 5)), {
          answers: (digits, seed, trained) => {
            const right = digits.length === 5 ? 0.5 + 0.08 * trained : 0.8 - 0.1 * trained;
            return unit(hash([seed, 3])) < right ? sorted(digits) : `${hash([seed, 4]) % 1000}`;
          },
        }),
      { iteration: 1, stage: "audit", role: "solver", good: { at: "0", checkpoints: expect.anything() } },
    ],
  ];
  test.each(cases)("%s", async (rule, engine, where) => {
    const { state, alarms } = await alarmsOf(await engine(), steps);
    expect(state).toMatch(/completed|paused/); // nothing is kept of questions that divide nobody
    // Both roles may give cause for it, each once.
    expect(raised(alarms).length).toBe(new Set(alarms.map(({ role }) => role)).size);
    expect(new Set(raised(alarms))).toEqual(new Set([rule]));
    expect(alarms[0]).toMatchObject({ ...where, stops: false });
    expect(alarms[0]?.message).toMatch(/^Iteration 1, .*\d/);
  });

  test("disk: less is left than the run may need", async () => {
    const { alarms } = await alarmsOf(await engineOf(), (config) => {
      config.alarms.disk.gigabytes = 1e6;
    });
    expect(raised(alarms)).toEqual(["disk"]);
    expect(alarms[0]?.values["free"]).toBeGreaterThan(0);
  });

  test("stalled: an engine that does not answer; over when it goes on", async () => {
    const engine = await engineOf();
    engine.fail("completions", { kind: "hang" }, 1);
    const { alarms } = await alarmsOf(engine, (config) => {
      config.alarms.stalled.minutes = 0.15;
      config.engine.callTimeout = 30;
    });
    expect(alarms.map(({ rule, phase }) => [rule, phase])).toEqual([
      ["stalled", "raised"],
      ["stalled", "over"],
    ]);
    expect(alarms[0]).toMatchObject({ iteration: 0, stage: "audit" });
  });

  test("verifierErrors: a grader that does not start", async () => {
    const engine = await engineOf((seed) => `<question>What is ${hash([seed]) % 9}+2?</question>\\boxed{0}`, {
      other: (seed) => `\\boxed{${hash([seed]) % 5}\\cos 0}`,
    });
    const { alarms } = await alarmsOf(
      engine,
      (config) => {
        config.domain = "math";
        config.grading.symbolic = "auto";
        for (const { sampling } of [config.challenger, config.curriculum, config.solver]) sampling.maxTokens = 60;
        config.solver.answerSampling.maxTokens = 60;
      },
      { python: "/no/such/python" },
    );
    expect(raised(alarms)).toContain("verifierErrors");
    expect(alarms.find(({ rule }) => rule === "verifierErrors")?.message).toMatch(/no verdict on \d+ of \d+ pairs/);
  });

  test("gpuIdle: a real engine that works without the GPU that there is", async () => {
    const tools = await mkdtemp(path.join(tmpdir(), "rzero-gpu-"));
    const before = process.env["PATH"];
    // What the driver's program says of a GPU on which nothing runs.
    const told = "0, NVIDIA H100, 0, 512, 81559, 71.2, 33";
    await writeFile(path.join(tools, "nvidia-smi"), `#!/bin/sh\necho "${told}"\n`, { mode: 0o755 });
    process.env["PATH"] = `${tools}:${before}`;
    try {
      const config = smallConfig((config) => {
        config.iterations = 50; // as long as it takes until a GPU has been looked at twice
        config.engine.device = "auto";
        config.alarms.gpuIdle.minutes = 0.001;
      });
      const runDir = await createRun(home, config, await baseModel(home), new Date());
      const { python, enginePackageDir } = home;
      const options = { runDir, python, enginePackageDir, recipe: rZero, engineToken: "", log: () => undefined };
      const control = new RunControl();
      const ended = supervise(options, control);
      const theirs = async () => (await alarmsIn(runDir)).filter(({ rule }) => rule === "gpuIdle");
      await vi.waitFor(async () => expect(await theirs()).not.toEqual([]), { timeout: 300_000, interval: 500 });
      control.stop();
      expect((await ended).state).toBe("stopped");
      const alarms = await theirs();
      expect(raised(alarms)).toEqual(["gpuIdle"]);
      expect(alarms[0]?.values).toMatchObject({ gpus: 1, utilization: 0 });
    } finally {
      process.env["PATH"] = before;
      await rm(tools, { recursive: true, force: true });
    }
  }, 600_000);

  test("a healthy run raises none", async () => {
    expect((await alarmsOf(await engineOf(), steps)).alarms).toEqual([]);
  });

  test("an alarm that is switched off is not raised", async () => {
    const { alarms } = await alarmsOf(await engineOf(threeQuestions), (config) => {
      config.alarms.duplicates.on = false;
    });
    expect(alarms).toEqual([]);
  });
});

describe("alarms and the run", () => {
  const stopAtDuplicates = (config: RunConfig) => {
    config.iterations = 3;
    config.alarms.stop = ["duplicates"];
    config.checkpoints.keep.stageEnds = 1;
  };
  /** Repeats itself once it has been trained for an iteration. */
  const repeating = () => engineOf((seed, trained) => (trained <= 4 ? sortQuestion(seed) : threeQuestions(seed)));

  test("leave no trace in what the recipe does", async () => {
    const watched = await alarmsOf(await engineOf(threeQuestions));
    const unwatched = await alarmsOf(await engineOf(threeQuestions), (config) => {
      config.alarms.duplicates.on = false;
    });
    expect(raised(watched.alarms)).toEqual(["duplicates"]);
    expect(await differences(unwatched.run, watched.run)).toEqual([]);
  });

  test("an alarm that stops it saves first, names what was good before and keeps it; once", async () => {
    const engine = await repeating();
    const { run, state, alarms } = await alarmsOf(engine, stopAtDuplicates);
    expect(state).toBe("stopped");
    expect(alarms).toMatchObject([
      { rule: "duplicates", phase: "raised", iteration: 2, stops: true, good: { at: "1" } },
    ]);
    const view = await readRunView(run);
    expect(view.reason).toContain(alarms[0]?.message);
    expect(view.remedy).toContain("--at 1");
    const good = Object.values(alarms[0]?.good?.checkpoints ?? {});
    expect(good).toHaveLength(2);

    const resumed = await alarmsOf(engine, stopAtDuplicates, { run });
    expect(resumed.state).toBe("completed");
    expect(raised(resumed.alarms)).toEqual(["duplicates"]);
    // Retention went on by its rules, and passed these by.
    const after = (await readRunView(run)).checkpoints;
    expect(after.map(({ id }) => id)).toEqual(expect.arrayContaining(good));
    expect(after.filter(({ step }) => step > 0).length).toBeLessThan(8);
    const undisturbed = await alarmsOf(await repeating(), (config) => {
      config.iterations = 3;
    });
    expect(await differences(undisturbed.run, run)).toEqual([]);
  });

  test("what its owner died too early to raise is raised by the next one", async () => {
    const engine = await engineOf(threeQuestions);
    const { run, alarms } = await alarmsOf(engine, (config) => {
      config.alarms.duplicates.on = false;
    });
    expect(alarms).toEqual([]);
    const settings = { "alarms.duplicates.on": true, iterations: 2 };
    await extendResting(run, { command: "on", by: "test", settings }, new Date());
    const resumed = await alarmsOf(engine, () => undefined, { run });
    expect(resumed.state).toBe("completed");
    expect(raised(resumed.alarms)).toEqual(["duplicates"]);
    expect(resumed.alarms[0]).toMatchObject({ iteration: 1 });
  });

  test("are sent to a webhook; nobody has to take them, and its secret URL is written nowhere", async () => {
    const receiver = await startReceiver();
    const engine = await engineOf(threeQuestions);
    const before = process.env[WEBHOOK_VARIABLE];
    process.env[WEBHOOK_VARIABLE] = receiver.url;
    receiver.answers.push(404);
    try {
      const { run, state, alarms } = await alarmsOf(engine, (config) => {
        config.alarms.webhook = "environment";
      });
      expect(state).toBe("completed");
      expect(receiver.got.map(({ body }) => body)).toEqual([
        expect.objectContaining({ alarm: expect.objectContaining({ episode: alarms[0]?.episode }) }),
      ]);
      let journal = "";
      for (const entry of await readdir(run, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name === "ballast") continue;
        const bytes = await readFile(path.join(entry.parentPath, entry.name));
        if (bytes.includes(SECRET)) throw new Error(`${entry.name} holds the URL`);
        if (entry.parentPath.endsWith("journal")) journal += bytes.toString("utf8");
      }
      expect(journal.match(/"code":"alarm_webhook"/g)).toHaveLength(1);
    } finally {
      if (before === undefined) delete process.env[WEBHOOK_VARIABLE];
      else process.env[WEBHOOK_VARIABLE] = before;
      await receiver.close();
    }
  });
});
