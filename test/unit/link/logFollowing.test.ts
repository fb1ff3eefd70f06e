import { writeFile } from "node:fs/promises";
import path from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { serveHost } from "../../../remote-agent/src/cli/hostServer.ts";
import { formatLine } from "../../../remote-agent/src/run/logs/line.ts";
import { connectionOver } from "../../../remote-agent/src/run/rpcPeer.ts";
import { AgentClient } from "../../../src/link/agentClient.ts";
import type { AgentError } from "../../../src/link/agentError.ts";
import { LogFollowing, type LogSubscription } from "../../../src/link/logFollowing.ts";
import { T0, temporaryHome, writeRun } from "../cli/support.ts";

const LINES = 2400;
const RUN = "20261122-1-demo-aaaa";

/** A home with a run whose two logs are written alternately. */
async function homeWithLogs(): Promise<string> {
  const home = await temporaryHome();
  const logs = path.join(await writeRun(home, RUN, []), "logs");
  const of = (source: string, remainder: number) =>
    Array.from({ length: LINES / 2 }, (_, i) => 2 * i + remainder)
      .map((n) => formatLine(T0 + n, "info", source, `line ${n}`))
      .join("");
  await writeFile(path.join(logs, "agent.log"), of("agent", 0));
  await writeFile(path.join(logs, "engine.log"), of("engine", 1));
  return home;
}

/** The agent's own server in this process, and the extension's client of it. */
function connected(home: string) {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const connection = connectionOver({ read: there, write: back });
  connection.onError(() => undefined);
  const env = { RZERO_HOME: home, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home };
  const letGo = serveHost(connection, {
    env,
    installation: () => Promise.reject(new Error("none here")),
    agent: "test",
    machine: { availableMemory: () => 2 ** 40, program: "rzero" },
  });
  connection.listen();
  const client = new AgentClient("node", Duplex.from({ readable: back, writable: there }));
  const cut = () => {
    client.close();
    letGo();
    connection.dispose();
  };
  return { client, cut };
}

const number = (text: string) => Number(/\d+$/.exec(text)?.[0]);

/** Follows to the end, with cuts after so many batches each; answers the numbers of the lines that arrived. */
async function followed(home: string, cuts: readonly number[], more: Partial<LogSubscription> = {}): Promise<number[]> {
  const seen: number[] = [];
  const left = [...cuts];
  let batches = 0;
  let cut: () => void = () => undefined;
  await new Promise<void>((resolve, reject) => {
    const reconnect = () => {
      const attached = connected(home);
      cut = attached.cut;
      attached.client.onLogs((logs) => following.receive(logs));
      following.attach(attached.client);
    };
    const following = new LogFollowing(
      {
        run: RUN,
        sources: undefined,
        last: undefined,
        follow: true,
        onEnded: () => resolve(),
        onFailed: reject,
        ...more,
        onLines: async (lines) => {
          batches += 1;
          if (batches === left[0]) {
            // The connection goes while the reader still has these lines in its hands.
            left.shift();
            batches = 0;
            cut();
            following.detach();
            setImmediate(reconnect);
          }
          await turn();
          seen.push(...lines.map(({ text }) => number(text)));
        },
      },
      null,
    );
    reconnect();
  });
  cut();
  return seen;
}

describe("a run's logs over a connection that is cut", () => {
  it("give every line once and in order, wherever the cuts fall", async () => {
    const home = await homeWithLogs();
    const everything = Array.from({ length: LINES }, (_, n) => n);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), async (cuts) => {
        expect(await followed(home, cuts)).toEqual(everything);
      }),
      { numRuns: 12 },
    );
  });

  it("begin with the last lines, when only those are asked for, and of the logs that are asked for", async () => {
    const home = await homeWithLogs();
    const last = (count: number) => Array.from({ length: count }, (_, i) => LINES - count + i);
    for (const count of [1, 499, 500, 501, 1700])
      expect(await followed(home, [1], { last: count })).toEqual(last(count));
    expect((await followed(home, [], { last: 10 * LINES })).length).toBe(LINES);
    expect(await followed(home, [], { sources: ["engine"], last: 2 })).toEqual([LINES - 3, LINES - 1]);
  });
});

describe("an agent that does not keep to the contract", () => {
  /** An agent that answers every request with `{subscription: "s"}`. */
  function scripted() {
    const [there, back] = [new PassThrough(), new PassThrough()];
    const agent = createMessageConnection(new StreamMessageReader(there), new StreamMessageWriter(back));
    const requests: string[] = [];
    agent.onRequest((method) => {
      requests.push(method);
      return { subscription: "s" };
    });
    agent.listen();
    return { agent, requests, client: new AgentClient("node", Duplex.from({ readable: back, writable: there })) };
  }
  const line = { t: 0, level: "info" as const, source: "agent", text: "line 0" };
  const batch = (from: number, to: number, lines = to - from) => ({
    subscription: "s",
    from,
    to,
    lines: Array.from({ length: lines }, () => line),
    cursor: `{"agent":["f",${to}]}`,
    lost: false,
    ended: false,
  });
  const subscription = (onLines: () => Promise<void> | void): LogSubscription => ({
    run: RUN,
    sources: undefined,
    last: undefined,
    follow: true,
    onLines,
    onEnded: () => undefined,
    onFailed: () => undefined,
  });

  it("that sends without waiting is let go of: what it sends does not pile up", async () => {
    const { agent, client } = scripted();
    const following = new LogFollowing(
      subscription(() => new Promise(() => undefined)),
      null,
    );
    client.onLogs((logs) => following.receive(logs));
    await following.attach(client);
    const send = async (n: number) => agent.sendNotification("run/logs", batch(n, n + 1));
    for (let n = 0; n < 40; n++) await send(n).catch(() => undefined); // let go of by then
    const error: AgentError = await client.gone;
    expect(error.reason).toBe("malformed");
    agent.dispose();
  });

  it("that leaves lines out, or miscounts them, is asked again", async () => {
    const { agent, requests, client } = scripted();
    let taken = 0;
    const following = new LogFollowing(
      subscription(() => {
        taken += 1;
      }),
      null,
    );
    client.onLogs((logs) => following.receive(logs));
    await following.attach(client);
    await agent.sendNotification("run/logs", batch(5, 6));
    await expect.poll(() => requests.filter((method) => method === "runs/logs").length).toBe(2);
    await agent.sendNotification("run/logs", batch(0, 2, 1));
    await expect.poll(() => requests.filter((method) => method === "runs/logs").length).toBe(3);
    expect(taken).toBe(0);
    client.close();
    agent.dispose();
  });

  it("that cannot follow the run says why", async () => {
    const home = await homeWithLogs();
    const { client, cut } = connected(home);
    const failed = new Promise<AgentError>((resolve) => {
      new LogFollowing({ ...subscription(() => undefined), run: "no-such-run", onFailed: resolve }, null).attach(
        client,
      );
    });
    expect((await failed).message).toMatch(/no-such-run/);
    cut();
  });
});
