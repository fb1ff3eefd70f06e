// Metrics out of real journals into real event files, read back with checksums.

import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { metricPoint } from "../../remote-agent/src/protocol/metricsOut.ts";
import type { RunRecord } from "../../remote-agent/src/protocol/records.ts";
import { exportMetrics } from "../../remote-agent/src/run/metrics/export.ts";
import { SinkFailed } from "../../remote-agent/src/run/metrics/sink.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";
import { failureOf } from "../support/failureOf.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "../support/python.ts";
import { readMetrics } from "../support/readMetrics.ts";
import { rzero, stored, wholeRun, writeRun } from "../unit/cli/support.ts";

const python = pythonForTests();
const KEY = "0123456789abcdef0123456789abcdef01234567";

const event = z.object({
  tag: z.string(),
  step: z.number(),
  value: z.number().optional(),
  counts: z.array(z.number()).optional(),
  text: z.string().optional(),
});

async function eventsIn(directory: string) {
  const names = await readdir(directory);
  expect(names, "one event file, nothing half-made").toHaveLength(1);
  return z.array(event).parse(await readMetrics("tensorboard", path.join(directory, names[0] ?? "")));
}

/** Metrics with ids of their own, as a recipe writes them. */
function records(): RunRecord[] {
  return wholeRun().map((record, i) =>
    record.type === "metric" ? { ...record, id: (i + 1).toString(16).padStart(24, "0") } : record,
  );
}

async function home(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "rzero-metrics-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** What the points say should be there, as tag, step and value. */
function expected(points: z.infer<typeof metricPoint>[]) {
  return points.flatMap((point) =>
    point.kind === "scalars"
      ? Object.entries(point.values).map(([name, value]) => ({
          tag: `${point.axis}/${name}`,
          step: point.step,
          value: Math.fround(value),
        }))
      : [],
  );
}

it("writes every point of a run into one TensorBoard file, however often it is written", async () => {
  const place = await home();
  const env = { RZERO_PYTHON: python, RZERO_ENGINE_DIR: ENGINE_PACKAGE_DIR };
  await writeRun(place, "20261122-1-demo-aaaa", records());
  const { out } = await rzero(place, ["metrics", "last", "--json"], env);
  const points = out
    .trim()
    .split("\n")
    .map((line) => metricPoint.parse(JSON.parse(line)));
  expect(points.length).toBeGreaterThan(100);
  for (let time = 0; time < 2; time++) {
    const told = await rzero(place, ["metrics", "last", "--tensorboard", path.join(place, "tb")], env);
    expect(told, told.err).toMatchObject({ code: 0, err: "" });
    expect(told.out).toContain("tensorboard --logdir");
  }
  const events = await eventsIn(path.join(place, "tb", "20261122-1-demo-aaaa"));
  expect(events.filter(({ value }) => value !== undefined)).toEqual(expected(points));
  expect(events.filter(({ counts }) => counts !== undefined).map(({ tag, step }) => [tag, step])).toEqual(
    [1, 2, 3].map((step) => ["curriculum/majority_share_histogram", step]),
  );
  expect(events.filter(({ tag }) => tag.startsWith("_hparams_")).map(({ tag }) => tag)).toEqual([
    "_hparams_/experiment",
    "_hparams_/session_start_info",
    "_hparams_/session_end_info",
  ]);
});

it("writes every point into a Weights & Biases file offline, once, and the key into nothing", async () => {
  const place = await home();
  const others = await notingPrograms(["uname", "git"]);
  const PATH = [others.folder, process.env["PATH"]].join(path.delimiter);
  const env = { RZERO_PYTHON: python, RZERO_ENGINE_DIR: ENGINE_PACKAGE_DIR, WANDB_API_KEY: KEY, HOME: place, PATH };
  const run = await writeRun(place, "20261122-1-demo-aaaa", records());
  const { out } = await rzero(place, ["metrics", "last", "--json"], env);
  const points = out
    .trim()
    .split("\n")
    .map((line) => metricPoint.parse(JSON.parse(line)));
  for (let time = 0; time < 2; time++) {
    const told = await rzero(place, ["metrics", "last", "--wandb", "rzero-test", "--offline"], env);
    expect(told.code, told.err).toBe(0);
  }
  const folders = (await readdir(path.join(run, "wandb"))).filter((name) => name.startsWith("offline-run-"));
  expect(folders).toHaveLength(1);
  const file = path.join(run, "wandb", folders[0] ?? "", "run-20261122-1-demo-aaaa.wandb");
  const rows = await readMetrics("wandb", file);
  const history = z
    .array(z.object({ step: z.number(), items: z.record(z.string(), z.unknown()) }))
    .parse(rows.filter((row) => "items" in row));
  expect(history.map(({ step }) => step)).toEqual(points.map(({ ordinal }) => ordinal));
  for (const [i, point] of points.entries()) {
    expect(history[i]?.items[`${point.axis}/step`]).toBe(point.step);
    if (point.kind !== "scalars") continue;
    for (const [name, value] of Object.entries(point.values))
      expect(history[i]?.items[`${point.axis}/${name}`]).toBeCloseTo(value, 9);
  }
  expect(rows).toContainEqual(expect.objectContaining({ run: "20261122-1-demo-aaaa", project: "rzero-test" }));
  for (const name of await readdir(place, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const content = await readFile(path.join(name.parentPath, name.name));
    expect(content.includes(KEY), name.name).toBe(false);
  }
  // Nor into the environment of a program that W&B asks something.
  expect(await others.environments()).not.toContain(KEY);
});

/** Programs of these names that note their environment before they are what they are named after; `environments` tells all of them. */
async function notingPrograms(names: readonly string[]) {
  const folder = await home();
  const noted = path.join(folder, "noted");
  await writeFile(noted, "");
  for (const name of names) {
    const real = `$(PATH=\${PATH#*:}; command -v ${name})`;
    await writeFile(path.join(folder, name), `#!/bin/sh\nenv >>'${noted}'\nexec "${real}" "$@"\n`, { mode: 0o755 });
  }
  return { folder, environments: () => readFile(noted, "utf8") };
}

it("says what is missing when Weights & Biases is to be used online without a key", async () => {
  const place = await home();
  await writeRun(place, "20261122-1-demo-aaaa", records());
  const env = { RZERO_PYTHON: python, RZERO_ENGINE_DIR: ENGINE_PACKAGE_DIR };
  const told = await rzero(place, ["metrics", "last", "--wandb", "p", "--json"], { ...env, WANDB_API_KEY: "" });
  expect(told.code).toBe(1);
  expect(told.err).toContain("WANDB_API_KEY");
});

/** A "Python" that misbehaves the first times it is started, then is the real one. */
async function fickle(place: string, times: number, misbehaviour: string): Promise<string> {
  const file = path.join(place, "python");
  await writeFile(
    file,
    `#!/bin/sh\nn=$(cat ${place}/starts 2>/dev/null || echo 0)\necho $((n + 1)) > ${place}/starts\n` +
      `if [ $n -lt ${times} ]; then ${misbehaviour}; fi\nexec ${python} "$@"\n`,
  );
  await chmod(file, 0o755);
  return file;
}

async function exportWith(place: string, sinkPython: string, restarts: number) {
  const runDir = await writeRun(place, "20261122-1-demo-aaaa", records());
  const retries: string[] = [];
  await exportMetrics({
    run: await readRun(runDir),
    wandb: null,
    sink: {
      kind: "tensorboard",
      directory: path.join(place, "tb"),
      python: sinkPython,
      enginePackageDir: ENGINE_PACKAGE_DIR,
      env: process.env,
      log: () => undefined,
    },
    records: async function* () {
      yield stored(records());
      yield [];
    },
    restarts,
    signal: new AbortController().signal,
    onRetry: (why) => retries.push(why),
  });
  return retries;
}

it.each([
  ["dies at once", "exit 3", /exit code 3/],
  ["dies after some lines", "head -c 3000 >/dev/null; kill -9 $$", /SIGKILL/],
])("starts a sink that %s again, and nothing is written twice", async (_, misbehaviour, why) => {
  const place = await home();
  const retries = await exportWith(place, await fickle(place, 1, misbehaviour), 2);
  expect(retries).toEqual([expect.stringMatching(why)]);
  const events = await eventsIn(path.join(place, "tb"));
  const tags = events.map(({ tag, step }) => `${tag} ${step}`);
  expect(new Set(tags).size).toBe(tags.length);
  expect(tags.length).toBeGreaterThan(100);
});

it("gives a sink up that hangs, within its limits, and leaves no process behind", async () => {
  const place = await home();
  const hanging = await fickle(place, 9, `echo $$ > ${place}/pid; exec sleep 600`);
  const failure = await failureOf(
    exportMetrics({
      run: await readRun(await writeRun(place, "20261122-1-demo-aaaa", records())),
      wandb: null,
      sink: {
        kind: "tensorboard",
        directory: path.join(place, "tb"),
        python: hanging,
        enginePackageDir: ENGINE_PACKAGE_DIR,
        env: process.env,
        log: () => undefined,
        limitMs: 10_000, // a shell starts in it
      },
      records: async function* () {
        yield stored(records());
        yield [];
      },
      restarts: 1,
      signal: new AbortController().signal,
      onRetry: () => undefined,
    }),
  );
  expect(failure).toBeInstanceOf(SinkFailed);
  const pid = Number(await readFile(path.join(place, "pid"), "utf8"));
  await expect.poll(() => alive(pid)).toBe(false);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
