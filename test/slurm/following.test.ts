import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunEvents } from "../../remote-agent/src/protocol/rpc.ts";
import { beginRun } from "../../remote-agent/src/run/begin.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";
import { readJob, readOwner } from "../../remote-agent/src/slurm/jobFiles.ts";
import { smallConfig } from "../support/demoRun.ts";
import { goneWithin, processesWith } from "../support/processes.ts";
import { agentProcess, type ServedAgent, serveAgent } from "../support/servedAgent.ts";
import { slurmMissing } from "../support/slurm.ts";
import { type SlurmHost, slurmHost, until } from "../support/slurmRuns.ts";

const missing = slurmMissing();
let host: SlurmHost;
const agents: ServedAgent[] = [];

beforeAll(async () => {
  if (missing === null) host = await slurmHost();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(await host.told());
  for (const agent of agents.splice(0)) await agent.close();
  await host?.clear();
});
afterAll(async () => {
  await host?.stop();
});

/** A run in its training, as a job, and the login node's agent with a client. */
async function training(settings: Record<string, unknown>) {
  const engine = await host.engine();
  engine.fail("forward_backward", { kind: "slow", ms: 20_000 }, 10_000);
  const run = await host.newRun(engine);
  await host.submit(run, engine, settings);
  await until("it trains", () => engine.callsOf("optim_step").length > 0);
  await until("it is seen to run", async () => (await host.summary(run)).live);
  const agent = serveAgent(host.home);
  agents.push(agent);
  await agent.client.request("agent/hello", { client: "test" }, 90_000); // a busy machine takes its time to start it
  // In the command line of srun and of the step.
  const bridge = `\0bridge\0${(await readOwner(run))?.socket}`;
  return { engine, run, agent, id: path.basename(run), bridge };
}

/** Follows a run from its beginning to the end of its owner; the ranges must join without a gap or a repeat. */
function follow({ client }: ServedAgent, run: string) {
  const seen: number[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    let last = 0;
    client.onEvents((events: RunEvents) => {
      if (events.from !== last) reject(new Error(`a range from ${events.from} follows ${last}`));
      last = events.to;
      seen.push(...events.records.map(({ seq }) => seq));
      client.request("runs/ack", { subscription: events.subscription, to: events.to }).catch(reject);
      if (events.ended) resolve();
    });
  });
  return { seen, ended, start: () => client.request("runs/subscribe", { run, since: 0 }) };
}

describe.skipIf(missing !== null)(`a run on another node${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it.each([
    ["through a step of its job", true],
    ["by its files where no step may be started", false],
  ])("is followed %s: every record once, in order, while it works", async (_, srun) => {
    const { engine, run, agent, id, bridge } = await training({ srun });
    const { seen, ended, start } = follow(agent, id);
    await start();
    await until("records arrive", () => seen.length > 0);
    const early = seen.length;
    expect((await processesWith(bridge)).length > 0).toBe(srun);
    await until(
      "more arrive while it works",
      async () => seen.length > early && (await readRunView(run)).state !== "completed",
    );
    engine.heal();
    await ended;
    await until("it is completed", async () => (await readRunView(run)).state === "completed");
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i + 1));
    expect(seen.length).toBe((await readRunView(run)).seq);
    expect(await goneWithin(bridge, 20_000)).toEqual([]);
  });

  it("takes commands and tells how its node does", async () => {
    const { run, agent, id } = await training({});
    const { now } = await agent.client.request("host/telemetry", { run: id }, 60_000);
    expect(now?.processes.map(({ role }) => role)).toContain("agent");
    const command = { run: id, command: crypto.randomUUID(), by: "test" };
    const stop = await agent.client.request("runs/stop", command, 90_000);
    expect(stop).toMatchObject({ repeated: false });
    await until("it is stopped", async () => (await readRunView(run)).state === "stopped");
  });

  it("whose login node goes without a word: the step ends by itself", async () => {
    const { id, bridge } = await training({});
    const agent = agentProcess(host.home);
    const client = new RpcClient(agent.stream);
    await client.request("runs/subscribe", { run: id, since: 0 });
    await until("the step is there", async () => (await processesWith(bridge)).length > 0);
    agent.cut();
    expect(await goneWithin(bridge, 45_000)).toEqual([]);
  });

  it("with the real engine: the demo, small, told to make room in the middle", async () => {
    const config = smallConfig((config) => {
      config.iterations = 1;
    });
    const run = await createRun(host.home, config, host.model, new Date());
    const env = { ...host.home.env, RZERO_SLURM: JSON.stringify({ time: "10", cpus: 1, notice: 30 }) };
    expect(await beginRun({ ...host.home, env }, run)).toBeNull();
    await until("it trains", async () => (await readRunView(run)).counts.checkpoints > 0);
    const job = await readJob(run); // at once: it does not wait for us
    await host.slurm.command("scancel", "--signal=USR1", "--batch", job?.id ?? "");
    await until("it is completed", async () => (await readRunView(run)).state === "completed", 150_000);
    expect((await host.summary(run)).job).toMatchObject({ id: job?.id, restarts: 1 });
    expect(await host.notices(run)).toContain("slurm_preempted");
  }, 240_000);
});
