import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import { serveHost } from "../../../remote-agent/src/cli/hostServer.ts";
import type { RunEvents, RunLogs } from "../../../remote-agent/src/protocol/rpc.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { formatLine } from "../../../remote-agent/src/run/logs/line.ts";
import { RotatingFile } from "../../../remote-agent/src/run/logs/rotatingFile.ts";
import { connectionOver, RpcClient, serve } from "../../../remote-agent/src/run/rpcPeer.ts";
import { makeSocketDirectory, runSocketPath } from "../../../remote-agent/src/run/socketPath.ts";
import { smallRun, writeQuestionRun } from "../../support/questionRun.ts";
import { RunWriter } from "../../support/writtenRun.ts";
import { stored, T0, temporaryHome, wholeRun, writeRun } from "./support.ts";

async function serving() {
  const home = await temporaryHome();
  const [there, back] = [new PassThrough(), new PassThrough()];
  const connection = connectionOver({ read: there, write: back });
  const env = { RZERO_HOME: home, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home };
  const letGo = serveHost(connection, {
    env,
    installation: () => Promise.reject(new Error("none here")),
    agent: "test",
    machine: { availableMemory: () => 2 ** 40, program: "rzero" },
  });
  connection.listen();
  const client = new RpcClient(Duplex.from({ readable: back, writable: there }));
  onTestFinished(() => {
    letGo();
    client.close();
    connection.dispose();
  });
  return { home, client };
}

it("lists and shows the runs of the host", async () => {
  const { home, client } = await serving();
  await writeRun(home, "20261122-1-demo-aaaa", wholeRun());
  expect(await client.request("agent/hello", { client: "test" })).toMatchObject({ agent: "test", protocol: 1 });
  const { runs } = await client.request("runs/list", {});
  expect(runs.map(({ id, live, view }) => [id, live, view.state])).toEqual([
    ["20261122-1-demo-aaaa", false, "completed"],
  ]);
  expect((await client.request("runs/show", { run: "last" })).view).toEqual(runs[0]?.view);
});

it("streams a resting run's journal in contiguous ranges, no faster than they are acknowledged, and says when it ends", async () => {
  const { home, client } = await serving();
  const records = Array.from({ length: 80 }, () => wholeRun()).flat();
  await writeRun(home, "20261122-1-demo-aaaa", records);
  const ranges: RunEvents[] = [];
  const acknowledgements: Promise<unknown>[] = [];
  let acknowledge = false;
  const ended = new Promise<void>((resolve) => {
    client.onEvents((events) => {
      ranges.push(events);
      if (acknowledge && !events.ended)
        acknowledgements.push(client.request("runs/ack", { subscription: events.subscription, to: events.to }));
      if (events.ended) resolve();
    });
  });
  const { subscription } = await client.request("runs/subscribe", { run: "last", since: 3 });
  await expect.poll(() => ranges.length, { timeout: 10_000 }).toBe(8);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(ranges.length).toBe(8);
  acknowledge = true;
  await client.request("runs/ack", { subscription, to: ranges.at(-1)?.to ?? 0 });
  await ended;
  await Promise.all(acknowledgements);
  expect(ranges.map(({ from }) => from)).toEqual([3, ...ranges.slice(0, -1).map(({ to }) => to)]);
  const seqs = ranges.flatMap((range) => range.records.map(({ seq }) => seq));
  expect(seqs).toEqual(Array.from({ length: records.length - 3 }, (_, i) => i + 4));
});

it.each([
  ["after it has told some of it", 5],
  ["before it answers", 0],
])("tells the rest of a run whose owner goes without a word %s, and that it has ended", async (_, told) => {
  const { home, client } = await serving();
  const records = wholeRun();
  const runDir = await writeRun(home, "20261122-1-demo-aaaa", records);
  const socketPath = runSocketPath(runDir, { XDG_RUNTIME_DIR: home });
  await makeSocketDirectory(socketPath);
  const owner = createServer((socket) => {
    const connection = connectionOver({ read: socket, write: socket });
    connection.onError(() => undefined);
    socket.on("error", () => undefined);
    serve(connection, {
      "runs/subscribe": async () => {
        if (told === 0) {
          socket.destroy();
          return new Promise(() => undefined);
        }
        const range = { subscription: "own", from: 0, to: told, records: stored(records).slice(0, told), ended: false };
        setImmediate(async () => {
          await connection.sendNotification("run/events", range);
          socket.end();
        });
        return { subscription: "own" };
      },
      "runs/ack": async () => ({}),
    });
    connection.listen();
  }).listen(socketPath);
  onTestFinished(() => void owner.close());
  await once(owner, "listening");
  const seqs: number[] = [];
  const ended = new Promise<void>((resolve) => {
    client.onEvents((events) => {
      expect(events.from).toBe(seqs.length);
      seqs.push(...events.records.map(({ seq }) => seq));
      if (events.ended) resolve();
      else client.request("runs/ack", { subscription: events.subscription, to: events.to }).catch(() => undefined);
    });
  });
  await client.request("runs/subscribe", { run: "last", since: 0 });
  await ended;
  expect(seqs).toEqual(records.map((_, i) => i + 1));
});

it("leaves out types that were not asked for, and still covers every number", async () => {
  const { home, client } = await serving();
  const records = wholeRun();
  await writeRun(home, "20261122-1-demo-aaaa", records);
  const view = emptyRunView();
  const ended = new Promise<number>((resolve) => {
    client.onEvents((events) => {
      for (const { seq } of events.records) applyRecord(view, stored(records)[seq - 1]!);
      if (events.ended) resolve(events.to);
    });
  });
  await client.request("runs/subscribe", { run: "last", since: 0, types: ["state"] });
  expect(await ended).toBe(records.length);
  expect(view).toMatchObject({ state: "completed", stages: [] });
});

it("streams a run's logs in batches, no faster than they are acknowledged, and goes on behind a cursor", async () => {
  const { home, client } = await serving();
  const directory = await writeRun(home, "20261122-1-demo-aaaa", wholeRun());
  const file = new RotatingFile(path.join(directory, "logs", "agent.log"), { bytes: 100_000, files: 10 });
  const append = (n: number) => file.append(formatLine(T0 + n, "info", "agent", `message ${n}`));
  for (let n = 0; n < 6000; n++) append(n);
  const batches: RunLogs[] = [];
  let acknowledge = false;
  let ended = Promise.withResolvers<void>();
  client.onLogs((logs) => {
    batches.push(logs);
    if (logs.ended) ended.resolve();
    else if (acknowledge) client.request("runs/ack", { subscription: logs.subscription, to: logs.to });
  });
  const { subscription } = await client.request("runs/logs", { run: "last" });
  await expect.poll(() => batches.length, { timeout: 10_000 }).toBe(8);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(batches.length).toBe(8);
  acknowledge = true;
  await client.request("runs/ack", { subscription, to: batches.at(-1)?.to ?? 0 });
  await ended.promise;
  expect(batches.map(({ from }) => from)).toEqual([0, ...batches.slice(0, -1).map(({ to }) => to)]);
  expect(batches.flatMap(({ lines }) => lines.map(({ text }) => text))).toEqual(
    Array.from({ length: 6000 }, (_, n) => `message ${n}`),
  );
  const after = batches.at(-1)?.cursor ?? "";
  for (let n = 6000; n < 6010; n++) append(n);
  file.close();
  batches.length = 0;
  ended = Promise.withResolvers<void>();
  await client.request("runs/logs", { run: "last", after, since: T0 + 6005 });
  await ended.promise;
  expect(batches.flatMap(({ lines }) => lines.map(({ t }) => t))).toEqual([5, 6, 7, 8, 9].map((n) => T0 + 6000 + n));
});

it("answers commands to resting runs, unknown runs and wrong parameters with a reason", async () => {
  const { home, client } = await serving();
  await writeRun(home, "20261122-1-demo-aaaa", wholeRun());
  const command = { command: randomUUID(), by: "test" };
  await expect(client.request("runs/pause", { run: "last", ...command })).rejects.toMatchObject({
    message: expect.stringContaining("nothing to pause"),
    data: { reason: "NotPossible" },
  });
  await expect(client.request("runs/show", { run: "zzzz" })).rejects.toMatchObject({ data: { reason: "NoSuchRun" } });
  await expect(client.request("runs/subscribe", { run: "last", since: -1 })).rejects.toMatchObject({ code: -32602 });
});

it("answers pages, facets, groups, lineage and records of a run's questions, and refuses what is out of bounds", async () => {
  const { home, client } = await serving();
  const run = "20261122-1-demo-aaaa";
  const directory = await writeRun(home, run, []);
  const writer = await RunWriter.open(directory, 2);
  await writeQuestionRun(directory, { ...smallRun, iterations: 1 }, { writer });
  await writer.close();
  const query = { filter: { kept: true }, sort: { by: "share" as const, descending: true }, limit: 5 };
  await expect
    .poll(async () => (await client.request("runs/questions", { run, query })).index.current, { timeout: 15_000 })
    .toBe(true);
  const page = await client.request("runs/questions", { run, query });
  expect(page.rows.length).toBe(5);
  const { facets } = await client.request("runs/facets", { run, filter: query.filter, facets: ["band"] });
  expect(facets.band).toEqual([{ value: "kept", count: page.total }]);
  const id = page.rows[0]?.task ?? "";
  expect((await client.request("runs/question", { run, id })).question).toEqual(page.rows[0]);
  expect((await client.request("runs/lineage", { run, id })).nodes.length).toBeGreaterThan(5);
  expect((await client.request("runs/record", { run, id })).record).toMatchObject({ type: "task", id });
  await expect(client.request("runs/questions", { run, query: { limit: 501 } })).rejects.toThrow(/limit/);
  await expect(client.request("runs/questions", { run, query: { filter: { text: "+" } } })).rejects.toMatchObject({
    message: expect.stringContaining("There is no word in '+'"),
    data: { reason: "bad_search" },
  });
});

it("answers a run's series, thinned, with the kept band of its preset, and refuses more than the contract allows", async () => {
  const { home, client } = await serving();
  const run = "20261122-1-demo-aaaa";
  await writeRun(home, run, wholeRun());
  const names = ["curriculum/kept_share", "solver/none"];
  const asked = () => client.request("runs/series", { run, query: { names } });
  // On a machine that is busy the journal is read in several turns, which the answer says.
  await expect.poll(async () => (await asked()).read, { timeout: 15_000 }).toMatchObject({ current: true });
  const answer = await asked();
  expect(answer.series).toEqual([{ name: "curriculum/kept_share", total: 3, x: [1, 2, 3], y: [0.312, 0.312, 0.312] }]);
  expect(answer.keptBand?.low).toBeCloseTo(0.3, 1);
  expect(answer.read).toMatchObject({ current: true, problem: null });
  await expect(client.request("runs/series", { run, query: { points: 100_000 } })).rejects.toThrow(/points/);
});

it("a run without a journal has no series", async () => {
  const { home, client } = await serving();
  await writeRun(home, "20261122-1-demo-aaaa", []);
  const { series, catalogue, read } = await client.request("runs/series", { run: "last" });
  expect([series, catalogue, read.current]).toEqual([[], [], true]);
});

it("writes a report that is fetched like an export, and keeps the newest", async () => {
  const { home, client } = await serving();
  const directory = await writeRun(home, "20261122-1-demo-aaaa", wholeRun());
  const writer = await RunWriter.open(directory, 2);
  await writeQuestionRun(directory, smallRun, { writer });
  await writer.close();
  const selection = { picks: [{ pick: "kept" as const, count: 2 }], ids: [] };
  const made = async () => {
    const answer = await client.request("runs/report", { run: "last", command: randomUUID(), selection }, 60_000);
    const { files } = await client.request("runs/files", { run: "last", export: answer.export });
    return { answer, files };
  };
  const first = await made();
  expect(first.files).toMatchObject([{ path: first.answer.file, bytes: first.answer.bytes }]);
  const [file] = first.files;
  const { data } = await client.request("runs/file", {
    run: "last",
    export: first.answer.export,
    path: file?.path ?? "",
    version: file?.version ?? "",
    from: 0,
    length: 200,
  });
  expect(Buffer.from(data, "base64").toString()).toContain("<!doctype html>");
  const second = await made();
  expect(second.answer).toMatchObject({ questions: 2, bytes: first.answer.bytes });
  await expect(client.request("runs/files", { run: "last", export: first.answer.export })).rejects.toThrow(/no export/);
});
