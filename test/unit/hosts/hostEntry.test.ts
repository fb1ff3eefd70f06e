import { Duplex, PassThrough } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import type { RunSummary } from "../../../remote-agent/src/protocol/rpc.ts";
import { emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { connectionOver, serve } from "../../../remote-agent/src/run/rpcPeer.ts";
import { HostEntry } from "../../../src/hosts/hostEntry.ts";
import { AgentClient } from "../../../src/link/agentClient.ts";

const summary = (more: Partial<RunSummary>): RunSummary => ({
  id: "20261122-1-demo-aaaa",
  name: "demo",
  directory: "/home/ada/.rzero/runs/20261122-1-demo-aaaa",
  createdAt: "2026-11-22T14:30:00.000Z",
  view: emptyRunView(),
  live: false,
  annotations: null,
  origin: null,
  ...more,
});

/** A host whose agent answers each list with the next of these, and then with the last. */
function hostOf(lists: RunSummary[]): HostEntry {
  const entry = new HostEntry(
    { id: "node", name: "node" },
    {
      attach: async () => {
        const [there, back] = [new PassThrough(), new PassThrough()];
        const connection = connectionOver({ read: there, write: back });
        serve(connection, {
          "agent/hello": async () => ({ agent: "test", protocol: 1, pid: 1 }),
          "runs/list": async () => {
            const next = lists.length > 1 ? lists.shift() : lists[0];
            return { runs: next === undefined ? [] : [next], unreadable: [] };
          },
        });
        connection.listen();
        onTestFinished(() => connection.dispose());
        const client = new AgentClient("node", Duplex.from({ readable: back, writable: there }));
        return { client, lost: new Promise<null>(() => undefined), close: async () => client.close() };
      },
      now: Date.now,
      random: () => 0,
    },
    { changed: () => undefined, error: () => undefined },
  );
  onTestFinished(() => entry.dispose());
  entry.link.connect();
  return entry;
}

it("a run whose records are being read is shown at once, and as it is when they have been, without waiting for the next list", async () => {
  const read = { ...emptyRunView(), seq: 9, state: "interrupted" as const };
  const entry = hostOf([
    summary({ reading: { bytes: 1, of: 4 } }),
    summary({ reading: { bytes: 3, of: 4 } }),
    summary({ view: read }),
  ]);
  const shown = () => entry.model.runs?.[0];
  await expect.poll(() => shown()?.reading, { timeout: 10_000 }).toEqual({ bytes: 1, of: 4 });
  await expect.poll(() => shown()?.reading, { timeout: 10_000 }).toEqual({ bytes: 3, of: 4 });
  await expect.poll(() => shown()?.view.state, { timeout: 10_000 }).toBe("interrupted");
  expect(shown()?.reading).toBeUndefined();
});
