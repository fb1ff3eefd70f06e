import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attach, createRun, startSupervisor } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { baseModel, jsonFile, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { ownerGone } from "../support/runOwner.ts";
import { countedRecords, differences } from "../support/sameRun.ts";

/** `npm test` kills 8 times, `npm run faults` sets more. */
const KILLS = Number(process.env["RZERO_KILLS"] ?? 8);
const KILLS_A_RUN = 4;
const LIMIT_MS = 180_000;

type Victim = "agent" | "engine" | "both";
const victims: Victim[] = ["agent", "engine", "both"];

let installation: Awaited<ReturnType<typeof temporaryInstallation>>;
let undisturbed: string;
let undisturbedMs: number;

beforeAll(async () => {
  installation = await temporaryInstallation();
  const model = await baseModel(installation);
  undisturbed = await createRun(installation, smallConfig(), model, new Date());
  const started = performance.now();
  await startSupervisor(installation, undisturbed).then((client) => client.closed);
  undisturbedMs = performance.now() - started;
  expect((await readRunView(undisturbed)).state, await agentLog(undisturbed)).toBe("completed");
}, 600_000);

afterAll(() => installation.remove());

test("the undisturbed run holds every kind of record", async () => {
  const types = new Set([...(await countedRecords(undisturbed)).values()].map((record) => record["type"]));
  expect([...types].sort()).toEqual(["call", "checkpoint", "example", "gate", "metric", "score", "task", "trajectory"]);
});

for (let first = 0; first < KILLS; first += KILLS_A_RUN) {
  const count = Math.min(KILLS_A_RUN, KILLS - first);
  test(`kill -9 at random instants, kills ${first + 1} to ${first + count}: the same records and weights`, async () => {
    const run = await createRun(installation, smallConfig(), await baseModel(installation), new Date());
    const told: string[] = [];
    for (let kill = 0; kill < count; kill++) {
      const victim = victims[(first + kill) % victims.length] as Victim;
      const after = Math.random() * 0.6 * undisturbedMs;
      const client = (await attach(run, installation.env)) ?? (await startSupervisor(installation, run));
      const ended = await Promise.race([client.closed.then(() => true), delay(after, false)]);
      told.push(`${victim} after ${Math.round(after)} ms${ended ? " (the run had ended)" : ""}`);
      client.close();
      if (ended) break;
      await killNow(run, victim);
      if (victim === "engine") await delay(200);
      else await ownerGone(run, installation.env);
    }
    await finish(run);
    expect((await readRunView(run)).state, `${told.join(", ")}\n${await agentLog(run)}`).toBe("completed");
    expect(await differences(undisturbed, run), told.join(", ")).toEqual([]);
  });
}

/** Ends processes of the run by the pids they recorded themselves. */
async function killNow(run: string, victim: Victim): Promise<void> {
  const lock = await jsonFile<{ pid: number }>(path.join(run, "LOCK"));
  const engine = await jsonFile<{ identity: { pid: number } }>(path.join(run, "engine.json"));
  const pids = [victim === "engine" ? null : lock?.pid, victim === "agent" ? null : engine?.identity.pid];
  for (const pid of pids) {
    if (pid === null || pid === undefined) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

async function finish(run: string): Promise<void> {
  const client = (await attach(run, installation.env)) ?? (await startSupervisor(installation, run));
  const ended = await Promise.race([client.closed.then(() => true), delay(LIMIT_MS, false, { ref: false })]);
  if (!ended) throw new Error(`The run did not end within ${LIMIT_MS / 1000} s.\n${await agentLog(run)}`);
}

function agentLog(run: string): Promise<string> {
  return readFile(path.join(run, "logs", "agent.log"), "utf8").catch(() => "no log");
}
