// The command line over a real supervisor and the real engine, with a base model that has hardly been trained: what is
// tested is the run's life, not what it learns.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Duplex } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { logLine } from "../../remote-agent/src/protocol/logs.ts";
import { storedRecord } from "../../remote-agent/src/protocol/records.ts";
import { applyRecord, emptyRunView } from "../../remote-agent/src/protocol/runFold.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";
import { runSocketPath } from "../../remote-agent/src/run/socketPath.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "../support/python.ts";

const execute = promisify(execFile);
const main = path.resolve(import.meta.dirname, "../../remote-agent/src/cli.ts");
const python = pythonForTests();
const started = z.object({ run: z.string(), directory: z.string() });

let home: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "rzero-cli-"));
  env = { ...process.env, RZERO_HOME: home, RZERO_PYTHON: python, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home };
  const args = ["-m", "rzero_engine.demo.pretrain", "--out", path.join(home, "base"), "--steps", "10"];
  await execute(python, args, {
    env: { ...env, PYTHONPATH: ENGINE_PACKAGE_DIR, OMP_NUM_THREADS: "1" },
    timeout: 300_000,
  });
  // Without Solver steps a run completes even when no question is worth keeping.
  await writeFile(
    path.join(home, "run.yaml"),
    "domain: sort\nmodel: ./base\niterations: 1\nchallenger: {steps: 2, slots: 8, rollouts: 2, sampling: {maxTokens: 64}}\n" +
      "curriculum: {questions: 64, sampling: {maxTokens: 64}}\nengine: {device: cpu}\naudit: {perDifficulty: 5, samples: 4}\n" +
      "solver: {steps: 0, sampling: {maxTokens: 40}, answerSampling: {maxTokens: 40}}\n",
  );
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function rzero(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  return ended(child);
}

async function ended(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const code = await new Promise<number>((resolve) => child.once("close", (value) => resolve(value ?? -1)));
  return { code, out, err };
}

/** @param iterations more where the run must still be there when other programs have started, which may take many seconds */
async function detached(iterations = 1) {
  const settings = ["--set", `iterations=${iterations}`];
  const { out, err } = await rzero("run", path.join(home, "run.yaml"), ...settings, "--detach", "--json");
  expect(err).toBe("");
  const run = started.parse(JSON.parse(out));
  onTestFinished(async () => {
    await rzero("stop", run.run);
  });
  return run;
}

it("follows a run through `serve --stdio` without a gap, pauses it once however often it is told, and sees it end", async () => {
  const { run, directory } = await detached(3);
  const following = spawn(process.execPath, [main, "logs", run, "--follow", "--json"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const logs = ended(following);
  const server = spawn(process.execPath, [main, "serve", "--stdio"], { env, stdio: ["pipe", "pipe", "inherit"] });
  const client = new RpcClient(Duplex.from({ readable: server.stdout, writable: server.stdin }));
  const view = emptyRunView();
  const seqs: number[] = [];
  const over = new Promise<void>((resolve) => {
    client.onEvents((events) => {
      expect(events.from).toBe(seqs.length);
      for (const record of events.records) {
        seqs.push(record.seq);
        const known = storedRecord.safeParse(record);
        if (known.success) applyRecord(view, known.data);
      }
      if (events.ended) resolve();
      else client.request("runs/ack", { subscription: events.subscription, to: events.to }).catch(() => undefined);
    });
  });
  await client.request("runs/subscribe", { run, since: 0 });
  const command = { run, command: randomUUID(), by: "test" };
  expect(await client.request("runs/pause", command, 120_000)).toEqual({ state: "paused", repeated: false });
  expect(await client.request("runs/pause", command, 120_000)).toEqual({ state: "paused", repeated: true });
  expect(await client.request("runs/show", { run })).toMatchObject({ live: true, view: { state: "paused" } });
  const { now } = await client.request("host/telemetry", { run });
  expect(now?.processes).toContainEqual(expect.objectContaining({ role: "agent" }));
  expect((await client.request("host/telemetry", {})).now?.cpu.busy).not.toBeNull();
  const resumed = await rzero("resume", run, "--json");
  expect(JSON.parse(resumed.out)).toMatchObject({ state: "running" });
  await over;
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
  expect(view).toEqual(await readRunView(directory));
  expect(view.state).toBe("completed");
  const { code, out, err } = await logs;
  expect(code, err).toBe(0);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => logLine.parse(JSON.parse(line)));
  expect(lines.find(({ source }) => source === "engine")?.text).toContain("loaded");
  expect(lines.filter(({ source }) => source === "agent").at(-1)?.text).toBe("run completed");
  expect((await rzero("logs", run, "--source", "agent", "--lines", "1")).out).toMatch(/INFO +agent +run completed/);
  expect((await rzero("logs", run, "--source", "grader")).err).toContain("It has: agent, engine.");
  server.stdin.end();
  expect(await ended(server)).toMatchObject({ code: 0, out: "" });
}, 240_000); // a busy machine takes seconds for each command

it("a killed run is interrupted, its followers are told, and resuming it brings it to its end", async () => {
  const { run, directory } = await detached(3);
  const follower = spawn(process.execPath, [main, "tail", run, "--json"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const tail = ended(follower);
  await once(follower.stdout, "data"); // it follows
  await expect.poll(async () => (await readRunView(directory)).counts.calls).toBeGreaterThan(3);
  const { pid } = z.object({ pid: z.number() }).parse(JSON.parse(await readFile(path.join(directory, "LOCK"), "utf8")));
  process.kill(pid, "SIGKILL");
  const { code, out, err } = await tail;
  expect(code, err).toBe(0);
  const seqsOf = (lines: string) =>
    lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).seq);
  expect(seqsOf(out)[0]).toBe(1);
  expect(err).toContain(`Run ${run} is interrupted`);
  const late = await rzero("tail", run, "--json");
  expect(seqsOf(late.out)).toEqual(seqsOf(out)); // what was written and not told any more is read
  expect(late.err).toBe(err);
  expect((await rzero("pause", run)).err).toContain("is not being run (interrupted)");
  expect((await rzero("resume", run)).code).toBe(0);
  const rest = await rzero("tail", run);
  expect(rest.out).toMatch(/state +completed/);
  expect((await rzero("resume", run)).err).toContain("is completed: there is nothing left to do");
}, 240_000); // a busy machine takes seconds for each command

it("a supervisor that is being killed takes connections and answers none: it counts as gone", async () => {
  const { run, directory } = await detached(3);
  await expect.poll(async () => (await readRunView(directory)).counts.calls).toBeGreaterThan(3);
  const { pid } = z.object({ pid: z.number() }).parse(JSON.parse(await readFile(path.join(directory, "LOCK"), "utf8")));
  process.kill(pid, "SIGKILL");
  await expect.poll(async () => (await rzero("pause", run)).err).toContain("not being run");
  const socket = runSocketPath(directory, env);
  await rm(socket, { force: true });
  const dying = createServer((connection) => connection.destroy()).listen(socket);
  onTestFinished(() => void dying.close());
  await once(dying, "listening");
  const shown = JSON.parse((await rzero("show", run, "--json")).out);
  expect(shown).toMatchObject({ live: false, view: { state: "interrupted" } });
  const { code, out, err } = await rzero("tail", run);
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(`Run ${run} is interrupted`) });
  expect(out).toMatch(/state +running/);
}, 240_000); // a busy machine takes seconds for each command

it("stop ends a run orderly, and it can go on later", async () => {
  const { run, directory } = await detached();
  expect((await rzero("stop", run)).out).toContain(`Run ${run} is stopped; everything done is kept.`);
  expect((await readRunView(directory)).state).toBe("stopped");
  expect((await rzero("resume", run)).code).toBe(0);
  await rzero("tail", run);
  expect((await readRunView(directory)).state).toBe("completed");
}, 240_000); // a busy machine takes seconds for each command
