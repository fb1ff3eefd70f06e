// Questions asked again, outside of the run's own work: of live runs, of runs at rest, and of other servers.

import { readdir } from "node:fs/promises";
import http from "node:http";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { reask } from "../../remote-agent/src/cli/reaskRun.ts";
import type { RunReask } from "../../remote-agent/src/protocol/rpc.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";
import { atGate, curriculumOf } from "../support/reviewer.ts";
import { differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { completed, type ScriptedRuns, scriptedRuns, supervisorOf } from "../support/scriptedRuns.ts";

let runs: ScriptedRuns;

beforeAll(async () => {
  runs = await scriptedRuns();
}, 600_000);
afterEach(() => runs.clear());
afterAll(() => runs.remove());

interface AtRest {
  readonly asked: { readonly command: string; readonly m: number };
  readonly onAnswer?: (answer: RunReask) => void;
  readonly signal?: AbortSignal;
}

/** Asks a run that nobody works on. */
async function askAtRest(
  run: string,
  engine: ScriptedEngine,
  { asked, onAnswer = () => undefined, signal = new AbortController().signal }: AtRest,
) {
  const env = { ...process.env, RZERO_ENGINE_TOKEN: engine.token };
  const request = { run: await readRun(run), runDir: run, asked: { by: "ada", question, ...asked }, onAnswer, signal };
  return reask({ env, installation: async () => runs.home }, request);
}

async function asidesIn(run: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for await (const { record } of readJournal(run)) if (record.type === "aside") found.push({ ...record });
  return found;
}

const question = "sort 31415926";

test("a run at work answers as it goes, and its own records and weights are those it would have had", async () => {
  const quiet = await runs.newRun();
  expect((await quiet.go()).outcome).toEqual(completed);

  const { run, engine, go } = await runs.newRun();
  const going = go();
  const client = await supervisorOf(run);
  const told: RunReask[] = [];
  client.onReask((answer) => told.push(answer));
  let asked = 0;
  let ended = false;
  going.finally(() => {
    ended = true;
  });
  while (!ended && asked < 6) {
    const params = { run, by: "ada", question, m: 6, temperature: 1, role: "solver" as const };
    const answer = await client
      .request("runs/reask", { ...params, command: `ask-${asked}` })
      .catch((error: unknown) => {
        // The run does not wait for who asks: it may end meanwhile.
        if (ended || /closed|is ending/i.test(String(error))) return null;
        throw error;
      });
    if (answer === null) break;
    asked += 1;
    expect(answer).toMatchObject({ question, model: null, truth: "11234569", denominator: 6, repeated: false });
    expect(answer.answers.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(answer.classes.reduce((total, { count }) => total + count, 0)).toBe(6);
    expect(answer.correct).toBe(answer.label === "11234569");
  }
  client.close();
  expect((await going).outcome).toEqual(completed);
  expect(asked).toBeGreaterThan(1);
  expect(new Set(told.map(({ command, answer }) => `${command} ${answer.index}`)).size).toBe(6 * asked);
  expect(await asidesIn(run)).toHaveLength(asked);
  expect(await differences(quiet.run, run)).toEqual([]);
  expect((await readRunView(run)).counts).toEqual((await readRunView(quiet.run)).counts);
  const loads = engine.callsOf("load_weights").length;
  expect(engine.callsOf("unload_model").length).toBeGreaterThanOrEqual(loads);
});

test("the same command again draws nothing; weights that are not kept are refused by name; base is there from the start", async () => {
  const { run, engine, go } = await runs.newRun(true);
  const going = go();
  const client = await atGate(run, process.env);
  const params = { run, by: "ada", question, m: 2 };
  const first = await client.request("runs/reask", { ...params, command: "a", checkpoint: "base" });
  expect(first.checkpoint).toBe("base");
  const drawn = engine.callsOf("completions").length;
  expect(await client.request("runs/reask", { ...params, command: "a", checkpoint: "base" })).toEqual({
    ...first,
    repeated: true,
  });
  expect(engine.callsOf("completions").length).toBe(drawn);
  await expect(client.request("runs/reask", { ...params, command: "b", checkpoint: "0".repeat(24) })).rejects.toThrow(
    /not kept in this run/,
  );
  // At a gate the run still waits afterwards.
  expect((await client.request("runs/show", { run })).view.review.waiting?.iteration).toBe(1);
  const task = (await curriculumOf(run, 1))[0];
  const challenger = await client.request("runs/reask", {
    ...params,
    command: "c",
    id: task?.id ?? "",
    role: "challenger",
  });
  expect(challenger).toMatchObject({ task: task?.id, question });
  expect(challenger.checkpoint).not.toBe("base"); // its stage has ended, so it is kept
  await client.request("runs/release", { run, command: "r", by: "ada", undecided: "keep" });
  client.close();
  expect((await going).outcome).toEqual(completed);
});

test("a run at rest is asked by whoever asks, and is as it was afterwards", async () => {
  const { run, engine, go } = await runs.newRun();
  await go();
  const before = await readRunView(run);
  const told: RunReask[] = [];
  const onAnswer = (answer: RunReask) => void told.push(answer);
  const answer = await askAtRest(run, engine, { asked: { command: "rest", m: 3 }, onAnswer });
  expect(answer.checkpoint).toMatch(/^[0-9a-f]{24}$/);
  expect(told.map(({ answer }) => answer)).toEqual(answer.answers);
  const after = await readRunView(run);
  expect({ ...after, seq: 0, updatedAt: 0 }).toEqual({ ...before, seq: 0, updatedAt: 0 });
  expect(await asidesIn(run)).toMatchObject([{ command: "rest", label: answer.label }]);
});

test("a question that its asker gives up leaves no record", async () => {
  const { run, engine, go } = await runs.newRun();
  await go();
  engine.fail("completions", { kind: "hang" });
  const abort = new AbortController();
  const asking = askAtRest(run, engine, { asked: { command: "given-up", m: 1 }, signal: abort.signal });
  const refused = expect(asking).rejects.toThrow();
  const drawn = engine.callsOf("completions").length;
  await expect.poll(() => engine.callsOf("completions").length).toBeGreaterThan(drawn);
  abort.abort(new Error("given up"));
  await refused;
  expect(await asidesIn(run)).toEqual([]);
  expect((await go()).outcome).toEqual(completed); // its lock is free again
});

test("another server is asked in OpenAI's dialect; the key goes there and nowhere else", async () => {
  const KEY = "sk-planted-7f3a9c";
  const seen: { authorization: string | undefined; body: Record<string, unknown> }[] = [];
  let refuse = false;
  const server = http.createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    seen.push({ authorization: request.headers.authorization, body: JSON.parse(text) });
    response.setHeader("content-type", "application/json");
    if (refuse) {
      response.writeHead(401).end(JSON.stringify({ error: { message: `Incorrect API key provided: ${KEY}` } }));
      return;
    }
    const message = { role: "assistant", content: "Sorted: \\boxed{11234569}" };
    response.end(
      JSON.stringify({ choices: [{ index: 0, message, finish_reason: "stop" }], usage: { completion_tokens: 7 } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const { run, go } = await runs.newRun(true);
    const going = go();
    const client = await atGate(run, process.env);
    const endpoint = { url: `http://127.0.0.1:${port}/v1`, model: "gpt-test", key: KEY };
    const answer = await client.request("runs/reask", { run, command: "e", by: "ada", question, m: 3, endpoint });
    expect(answer).toMatchObject({ checkpoint: null, model: "gpt-test", label: "11234569", votes: 3, correct: true });
    expect(answer.answers.map(({ tokens }) => tokens)).toEqual([7, 7, 7]);
    expect(seen.map(({ authorization }) => authorization)).toEqual(Array(3).fill(`Bearer ${KEY}`));
    expect(seen[0]?.body).toMatchObject({ model: "gpt-test", temperature: 1, max_tokens: 40 });
    refuse = true;
    const error = await client
      .request("runs/reask", { run, command: "f", by: "ada", question, m: 1, endpoint })
      .catch((failed: Error) => failed);
    expect(String(error)).toMatch(/did not answer with gpt-test: .*401/);
    expect(String(error)).not.toContain(KEY);
    await client.request("runs/stop", { run, command: "s", by: "ada" });
    client.close();
    await going;
    for await (const { record } of readJournal(run)) expect(JSON.stringify(record)).not.toContain(KEY);
  } finally {
    server.close();
  }
});

test("a run that ends while it is asked ends all the same, and says so to who asked", async () => {
  const { run, engine, go } = await runs.newRun(true);
  const going = go();
  const client = await atGate(run, process.env);
  engine.fail("completions", { kind: "hang" });
  const asking = client.request("runs/reask", { run, command: "late", by: "ada", question, m: 1 });
  const refused = expect(asking).rejects.toThrow(/is ending/);
  await expect.poll(() => engine.callsOf("completions").at(-1)?.body).toMatchObject({ n: 1 });
  await client.request("runs/stop", { run, command: "s", by: "ada" });
  await refused;
  client.close();
  expect((await going).outcome.state).toBe("stopped");
  expect(await asidesIn(run)).toEqual([]);
});

test("an engine that is not there is said within its patience, nothing is recorded, and the run is nobody's again", async () => {
  const { run, engine, go } = await runs.newRun(false, 5);
  await go();
  await runs.clear();
  await expect(askAtRest(run, engine, { asked: { command: "nobody", m: 1 } })).rejects.toThrow(engine.url);
  expect(await asidesIn(run)).toEqual([]);
  expect(await readdir(run)).not.toContain("LOCK");
});
