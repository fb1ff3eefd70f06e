import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine } from "../support/scriptedRun.ts";

const CLI = path.resolve(import.meta.dirname, "../../remote-agent/src/cli.ts");
const JUMPS = path.join(import.meta.dirname, "jumpingClock.ts");
const LIMIT_MS = 120_000;
const root = process.getuid?.() === 0;
const needs = root ? "" : " (skipped: needs root)";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;
let undisturbed: string;
const engines: ScriptedEngine[] = [];
const owners: Owner[] = [];

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
  const engine = await freshEngine();
  undisturbed = await newRun(engine);
  expect(await supervisor(undisturbed, engine).ends()).toMatchObject({ code: 0 });
}, 600_000);
afterEach(async () => {
  for (const owner of owners.splice(0)) owner.kill();
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

function newRun(engine: ScriptedEngine, change: (config: RunConfig) => void = () => undefined): Promise<string> {
  const config = smallConfig((config) => {
    config.iterations = 1;
    Object.assign(config.engine, { url: engine.url, callTimeout: 60 });
    change(config);
  });
  return createRun(home, config, model, new Date());
}

/** A supervisor as a process of its own. */
class Owner {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #said = "";

  constructor(args: string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [CLI, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text;
      });
    this.#closed = once(this.#child, "close");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  kill(): void {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
  }

  async ends(): Promise<{ code: number | null; said: string }> {
    const closed = await Promise.race([this.#closed.then(() => true), delay(LIMIT_MS, false, { ref: false })]);
    if (!closed) throw new Error(`it did not end; it said: ${this.#said}`);
    return { code: this.#child.exitCode, said: this.#said };
  }
}

function supervisor(run: string, engine: ScriptedEngine, env: Record<string, string> = {}): Owner {
  const all = { ...home.env, RZERO_PYTHON: home.python, RZERO_ENGINE_TOKEN: engine.token, ...env };
  const owner = new Owner(["supervise", run], all);
  owners.push(owner);
  return owner;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`not within ${LIMIT_MS / 1000} s: ${what}`);
    await delay(20);
  }
}

test("a second agent on a run is refused with a sentence that names the owner; the run goes on undisturbed", async () => {
  const engine = await freshEngine();
  const run = await newRun(engine);
  const first = supervisor(run, engine);
  await until("sampling", () => engine.callsOf("completions").length > 0);
  first.signal("SIGSTOP"); // on a quick machine it would be done before the second has started
  const second = await supervisor(run, engine).ends();
  first.signal("SIGCONT");
  expect(second.code).toBe(1);
  expect(second.said).toMatch(new RegExp(`already being run by process ${first.pid} on host .*Attach to it`));
  expect(second.said).not.toMatch(/\n +at /);
  expect(await first.ends()).toMatchObject({ code: 0 });
  expect(await differences(undisturbed, run)).toEqual([]);
});

test("an owner on another host that went silent is replaced; waking up, it is refused by journal and engine", async () => {
  const engine = await freshEngine();
  const run = await newRun(engine);
  const zombie = supervisor(run, engine);
  await until("training", () => engine.callsOf("optim_step").length > 0);
  zombie.signal("SIGSTOP");
  const frozen = performance.now();
  // As a file server shows it: the owner is on a machine that nobody here can ask, and was last heard of two minutes ago.
  const past = new Date(Date.now() - 120_000);
  for (const name of ["LOCK", "lease.json"]) {
    const file = path.join(run, name);
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), host: "node-7", bootId: "x" }));
    await utimes(file, past, past);
  }
  expect(await supervisor(run, engine).ends()).toMatchObject({ code: 0 });
  const seen = engine.calls.length;
  await delay(Math.max(0, 21_000 - (performance.now() - frozen)));
  zombie.signal("SIGCONT");
  expect((await zombie.ends()).code).not.toBe(0);

  expect((await readRunView(run)).state).toBe("completed");
  expect(await differences(undisturbed, run)).toEqual([]);
  const epochs: number[] = [];
  for await (const { record } of readJournal(run)) epochs.push(record.epoch);
  expect(epochs).toEqual(epochs.toSorted());
  expect(new Set(epochs)).toEqual(new Set([1, 2]));
  // Whatever it still asked of the engine carries its lower epoch, with which the engine refuses to change a model.
  const late = engine.calls.slice(seen).filter(({ call }) => ["optim_step", "forward_backward"].includes(call));
  for (const { body } of late) expect(body).toMatchObject({ epoch: 1 });
});

test("a clock that jumps by days while a run is under way changes nothing of it", async () => {
  const engine = await freshEngine();
  const run = await newRun(engine);
  const offset = path.join(home.home, "offset");
  await writeFile(offset, "0");
  const owner = supervisor(run, engine, {
    NODE_OPTIONS: `--no-warnings --import ${JUMPS}`,
    RZERO_TEST_CLOCK: offset,
  });
  await until("sampling", () => engine.callsOf("completions").length > 0);
  await writeFile(offset, String(3 * 86_400_000));
  await until("training", () => engine.callsOf("optim_step").length > 0);
  await writeFile(offset, String(-7 * 86_400_000));
  expect(await owner.ends()).toMatchObject({ code: 0 });
  expect(await differences(undisturbed, run)).toEqual([]);
  const times: number[] = [];
  for await (const { record } of readJournal(run)) times.push(record.t);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(9 * 86_400_000); // the clock did jump
  const { stages } = await readRunView(run);
  for (const { seconds } of stages) expect(seconds).toBeLessThan(600);
});

test("told to end by a signal, a supervisor saves first and exits with the code that asks for another start", async () => {
  const engine = await freshEngine();
  const run = await newRun(engine, (config) => {
    config.checkpoints.durableEvery = 1000;
  });
  const owner = supervisor(run, engine);
  await until("training", () => engine.callsOf("optim_step").length > 1);
  owner.signal("SIGUSR1");
  const { code } = await owner.ends();
  const steps = engine.callsOf("optim_step").length;
  engine.restart();
  expect(code).toBe(75);
  expect((await readRunView(run)).state).toBe("interrupted");
  expect(await supervisor(run, engine).ends()).toMatchObject({ code: 0 });
  const again = engine.callsOf("optim_step").length;
  const recorded: string[] = [];
  for await (const { record } of readJournal(run))
    if (record.type === "checkpoint" && record["method"] === "grpo") recorded.push(String(record["id"]));
  expect(again).toBe(recorded.length);
  expect(steps).toBeLessThan(again);
});

test.skipIf(!root)(`directories that are read-only are told in a sentence: home, run and cache${needs}`, async () => {
  const disk = await mkdtemp(path.join(tmpdir(), "rzero-readonly-"));
  const engine = await freshEngine();
  const run = await newRun(engine);
  const script =
    'mount -t tmpfs tmpfs "$1" && cp -r "$2/engines" "$2/runs" "$1/" && mount -o remount,ro "$1" && shift 2 && exec "$@"';
  const tell = async (args: string[], env: NodeJS.ProcessEnv) => {
    const command = ["--mount", "sh", "-c", script, "sh", disk, home.home, process.execPath, CLI, ...args];
    const failed = await promisify(execFile)("unshare", command, { env, timeout: LIMIT_MS }).then(
      () => "",
      (error: { stderr: string }) => error.stderr,
    );
    expect(failed).not.toMatch(/\n +at /);
    return failed.trim();
  };
  const env = { ...home.env, RZERO_PYTHON: home.python };
  const sentence = /cannot be used: .* read-only \((EROFS|ENOENT)\)\. Make it writable/;
  const id = path.basename(run);
  expect(await tell(["resume", id], { ...env, RZERO_HOME: disk })).toMatch(sentence);
  expect(await tell(["demo", "--headless"], { ...env, XDG_CACHE_HOME: disk })).toMatch(sentence);
  await writeFile(path.join(home.home, "run.yaml"), `domain: sort\nmodel: ${model}\n`);
  expect(await tell(["run", path.join(home.home, "run.yaml")], { ...env, RZERO_HOME: disk })).toMatch(sentence);
  await rm(disk, { recursive: true });
});
