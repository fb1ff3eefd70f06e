// An agent that means harm, as a process of its own, against the extension's link and host: the editor stays whole and alive.

import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { deferred } from "../../src/deferred.ts";
import { HostEntry } from "../../src/hosts/hostEntry.ts";
import { AgentClient } from "../../src/link/agentClient.ts";

const program = path.resolve(import.meta.dirname, "../support/hostile/agent.mjs");
const agents: ChildProcess[] = [];
const entries: HostEntry[] = [];

afterEach(async () => {
  for (const entry of entries.splice(0)) await entry.dispose();
  for (const agent of agents.splice(0)) agent.kill("SIGKILL");
});

/** Of this thread's own work, before anything else gets its turn; a major garbage collection may be a third of it. */
const LONGEST_TURN_MS = 1000;
const MOST_GROWTH = 200 * 2 ** 20;

function host(how: string): { entry: HostEntry; errors: string[] } {
  const errors: string[] = [];
  const entry = new HostEntry(
    { id: "evil", name: "evil" },
    {
      attach: async () => {
        const agent = spawn(process.execPath, [program, how], { stdio: ["pipe", "pipe", "inherit"] });
        agents.push(agent);
        agent.stdin.on("error", () => undefined);
        const gone = deferred<null>();
        agent.once("close", () => gone.resolve(null));
        const client = new AgentClient("evil", Duplex.from({ readable: agent.stdout, writable: agent.stdin }));
        await client.request("agent/hello", { client: "test" });
        return { client, lost: gone.promise, close: async () => void agent.kill("SIGKILL") };
      },
      now: Date.now,
      random: () => 0,
    },
    { changed: () => undefined, error: (error) => errors.push(error.message) },
  );
  entries.push(entry);
  entry.link.connect();
  return { entry, errors };
}

/**
 * The longest turn of the event loop so far, in milliseconds of this thread's own CPU time: what other programs on the machine do does not
 * count.
 */
function watchTurns(): () => number {
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let [longest, before, going] = [0, cpuMs(), true];
  const turn = () => {
    const now = cpuMs();
    longest = Math.max(longest, now - before);
    before = now;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    going = false;
    return longest;
  };
}

async function watched(work: () => Promise<void>): Promise<void> {
  const before = process.memoryUsage().rss;
  const pauses = monitorEventLoopDelay({ resolution: 5 });
  const longestTurn = watchTurns();
  pauses.enable();
  await work();
  pauses.disable();
  const turnMs = longestTurn();
  if (process.env["RZERO_SHOW_PAUSES"] !== undefined) {
    const stopped = `stopped for ${Math.round(pauses.max / 1e6)} ms, longest turn ${Math.round(turnMs)} ms of CPU time`;
    console.log(`${expect.getState().currentTestName}: ${stopped}`);
  }
  expect(turnMs).toBeLessThan(LONGEST_TURN_MS);
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_GROWTH);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

describe("an agent that breaks the contract is disconnected with a sentence, and not tried again by itself", () => {
  it.each([
    ["not json", "something that is no message"],
    ["no length", "a message without a length"],
    ["negative length", "a message without a length"],
    ["two lengths", "a message without a length"],
    ["huge length", "a message of more than 8 MiB"],
    ["a line without end", "a message without an end of its header"],
    ["wrong types", "something that is no range of records"],
    ["a list of lists", "lists within lists without end"],
    ["figures without end", "more stages or figures than a run can have"],
  ])("%s", async (how, sentence) => {
    await watched(async () => {
      const { entry } = host(how);
      await expect.poll(() => entry.link.state.kind).toBe("stopped");
      expect(entry.link.state).toMatchObject({ why: expect.stringContaining(`The agent on evil sent ${sentence}`) });
      // Nothing of its text gets into the sentence.
      expect(JSON.stringify(entry.link.state)).not.toMatch(/\\u001b|not json at all/);
    });
  });
});

describe("an agent that only makes noise is borne", () => {
  it.each([
    "unknown subscriptions",
    "a million events",
    "unknown notifications",
    "answers nobody asked for",
    "requests of its own",
    "ends without end",
  ])("%s", async (how) => {
    await watched(async () => {
      const { entry } = host(how);
      await expect.poll(() => entry.model.runs?.length ?? 0).toBe(1);
      expect(entry.model.runs?.[0]?.name).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      await delay(3000);
      // Whether it is still connected or was let go of, somebody who asks gets an answer or a sentence in time.
      await entry.link.request("runs/show", { run: "x" }, { limitMs: 15_000 }).catch((error: unknown) => {
        expect(error).toMatchObject({ name: "AgentError", message: expect.stringMatching(/evil|connection/) });
      });
    });
  });
});
