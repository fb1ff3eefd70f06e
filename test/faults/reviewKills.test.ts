import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DecisionChange } from "../../remote-agent/src/protocol/review.ts";
import { attach, createRun, startSupervisor } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import type { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";
import { baseModel, jsonFile, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { atGate, changesOn, curriculumOf } from "../support/reviewer.ts";
import { ownerGone } from "../support/runOwner.ts";
import { countedRecords, differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine } from "../support/scriptedRun.ts";

/** Runs that are killed again and again around a decision and a release; `npm run faults` sets more. */
const RUNS = Math.max(1, Math.round(Number(process.env["RZERO_KILLS"] ?? 8) / 4));
const LIMIT_MS = 120_000;

let installation: Awaited<ReturnType<typeof temporaryInstallation>>;
/** One a run: an engine that has seen a later owner refuses those of another run. */
const engines: ScriptedEngine[] = [];
let undisturbed: string;
let changes: DecisionChange[];

beforeAll(async () => {
  installation = await temporaryInstallation();
  undisturbed = await gatedRun();
  await serving(undisturbed);
  const client = await atGate(undisturbed, installation.env);
  changes = changesOn(await curriculumOf(undisturbed, 1));
  await decide(client, undisturbed);
  await release(client, undisturbed);
  await client.closed;
  expect((await readRunView(undisturbed)).state, await agentLog(undisturbed)).toBe("completed");
}, 600_000);

afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  await installation.remove();
});

test("the review of the undisturbed run left its marks in what was trained", async () => {
  const calls = [...(await countedRecords(undisturbed)).keys()].filter((key) => /^call .*\/review\//.test(key));
  expect(calls.some((key) => key.endsWith("source:corrected"))).toBe(true);
  expect(calls.some((key) => key.includes("/rollout:answers/"))).toBe(true);
});

for (let index = 0; index < RUNS; index++) {
  test(`kill -9 around decision and release, run ${index + 1}: the same records and weights`, async () => {
    const run = await gatedRun();
    const told: string[] = [];
    // At the gate, while deciding, behind it, while releasing, and while edited questions are labelled.
    await killed(run, told, "at the gate", async () => undefined);
    await killed(run, told, "deciding", (client) => decide(client, run));
    await killed(run, told, "decided", async (client) => {
      await decide(client, run);
    });
    await killed(run, told, "releasing", (client) => release(client, run));
    const going = await serving(run);
    // What the reviewer got no answer to is sent again, as clients do.
    const view = (await going.request("runs/show", { run })).view;
    going.close();
    if (view.review.waiting !== null) {
      const client = await atGate(run, installation.env);
      await decide(client, run);
      await release(client, run);
      client.close();
    }
    await delay(Math.random() * 1500);
    await killNow(run);
    const last = await serving(run);
    const ended = await Promise.race([last.closed.then(() => true), delay(LIMIT_MS, false, { ref: false })]);
    if (!ended) throw new Error(`The run did not end.\n${await agentLog(run)}`);
    expect((await readRunView(run)).state, `${told.join(", ")}\n${await agentLog(run)}`).toBe("completed");
    expect(await differences(undisturbed, run), told.join(", ")).toEqual([]);
  });
}

/** Kills the run's owner at a random instant after the reviewer began to do something at the gate. */
async function killed(run: string, told: string[], what: string, act: (client: RpcClient) => Promise<unknown>) {
  (await serving(run)).close();
  const client = await atGate(run, installation.env);
  const acting = act(client).catch(() => undefined); // the owner is gone: its client hears nothing
  const after = what === "decided" ? acting.then(() => 0) : Promise.resolve(Math.random() * 12);
  const ms = await after;
  await delay(ms);
  await killNow(run);
  await acting;
  client.close();
  told.push(`${what}, after ${ms.toFixed(1)} ms`);
}

function decide(client: RpcClient, run: string): Promise<unknown> {
  return client.request("runs/decide", { run, command: "the-decision", by: "ada", changes });
}

function release(client: RpcClient, run: string): Promise<unknown> {
  return client.request("runs/release", { run, command: "the-release", by: "ada", undecided: "keep" });
}

async function gatedRun(): Promise<string> {
  const engine = await sortingEngine(await baseModel(installation));
  engines.push(engine);
  installation.env["RZERO_ENGINE_TOKEN"] = engine.token;
  const config = smallConfig((config) => {
    config.iterations = 1;
    config.review.gate = true;
    Object.assign(config.engine, { url: engine.url, callTimeout: 20 });
  });
  return createRun(installation, config, await baseModel(installation), new Date());
}

async function serving(run: string): Promise<RpcClient> {
  return (await attach(run, installation.env)) ?? (await startSupervisor(installation, run));
}

/** Ends the owner by the pid it recorded itself. */
async function killNow(run: string): Promise<void> {
  const lock = await jsonFile<{ pid: number }>(path.join(run, "LOCK"));
  if (lock === null) return;
  try {
    process.kill(lock.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await ownerGone(run, installation.env);
}

function agentLog(run: string): Promise<string> {
  return readFile(path.join(run, "logs", "agent.log"), "utf8").catch(() => "no log");
}
