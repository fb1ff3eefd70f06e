// One measurement of replay.ts in a process of its own: node --expose-gc replay.measure.mts CASE DIRECTORY [CALLS]

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CallRecord, DataRecord } from "../../remote-agent/src/protocol/records.ts";
import { storedRecord } from "../../remote-agent/src/protocol/records.ts";
import { Journal } from "../../remote-agent/src/run/journal/journal.ts";
import { openRun } from "../../remote-agent/src/run/opened.ts";
import { hashOf, recordIdOf } from "../../remote-agent/src/verbs/identity.ts";
import type { RunContext } from "../../remote-agent/src/verbs/ports.ts";
import { Scope } from "../../remote-agent/src/verbs/scope.ts";

const [what = "", directory = "", calls = "100000"] = process.argv.slice(2);
const count = Number(calls);

/** A call of the run: its scope's key, and records that a chunk of rollouts, their scores or a task would leave. */
const PER_STEP = 50;
const placeOf = (n: number) => `iteration:${Math.floor(n / 10_000) + 1}/solver/step:${Math.floor(n / PER_STEP)}`;
const recordsIn = (n: number) => 1 + (n % 7);
const paramsOf = (n: number) => ({
  role: "solver",
  checkpoint: recordIdOf("checkpoint", Math.floor(n / PER_STEP)),
  n: recordsIn(n),
  sampling: { temperature: 1, topP: 0.99, topK: 0, maxTokens: 4096 },
  tasks: hashOf(n).slice(0, 24),
  domain: "math",
});

const bodyOf = (n: number, index: number) => ({
  parents: [recordIdOf("task", n)],
  role: "solver",
  checkpoint: recordIdOf("checkpoint", Math.floor(n / PER_STEP)),
  rollout: index,
  seed: 140_737_488_355_328 + n,
  stop: "stop" as const,
  promptTokens: 131,
  completionTokens: 200 + (n % 500),
  product: { valid: true, question: null, answer: `\\frac{${n}}{7}`, reason: null },
  data: { pack: `${recordIdOf("pack", n)}-0.pack`, offset: index * 4000, length: 4000 },
});

const measurements: Record<string, () => Promise<Record<string, unknown>>> = { write, replay, baseline };
console.log(JSON.stringify(await (measurements[what] ?? unknown)()));

function unknown(): never {
  throw new Error(`no such measurement: ${what}`);
}

/** Writes the run's journal as the verbs do, through a Scope over a log that groups its commits. */
async function write() {
  const { journal } = await Journal.open(directory, { epoch: 1, clock: Date.now, ballastBytes: 0 });
  const waiting: Promise<unknown>[] = [];
  const log = {
    find: () => undefined,
    commit: async (call: CallRecord, records: DataRecord[]) => {
      waiting.push(journal.append([...records, call], { durable: false }));
    },
  };
  await makeCalls(log);
  await Promise.all(waiting);
  const records = journal.durableSeq;
  await journal.close();
  return { records, mb: megabytes() };
}

/** Opens the run as a supervisor does, and makes every call again: each is answered from the journal. */
async function replay() {
  const started = performance.now();
  const opened = await openRun(directory, () => undefined);
  const openedAt = performance.now();
  const heapOpened = heap();
  await makeCalls(opened.log);
  const done = performance.now();
  const after = { cpu_s: cpu(), heap_mb: heapOpened, peak_rss_mb: peakRss() };
  const records = opened.view.seq;
  await opened.close();
  const [open_s, replay_s] = [(openedAt - started) / 1000, (done - openedAt) / 1000];
  return { records, open_s, replay_s, total_s: open_s + replay_s, ...after };
}

/** The plain way: every line of the journal is parsed as JSON and by the contract's schema, and kept by the call's key. */
async function baseline() {
  const started = performance.now();
  const byCall = new Map<string, unknown[]>();
  let records = 0;
  for (const name of segments()) {
    for (const line of readFileSync(join(directory, "journal", name), "utf8").split("\n")) {
      if (line === "") continue;
      const json = JSON.parse(line.slice(line.indexOf("{")));
      if (json.type === "footer") continue;
      const record = storedRecord.parse(json);
      const key = record.type === "call" ? record.key : "call" in record ? record.call : "";
      const of = byCall.get(key);
      if (of === undefined) byCall.set(key, [record]);
      else of.push(record);
      records += 1;
    }
  }
  const total_s = (performance.now() - started) / 1000;
  return { records, calls: byCall.size, total_s, cpu_s: cpu(), heap_mb: heap(), peak_rss_mb: peakRss() };
}

async function makeCalls(log: object): Promise<void> {
  const run = { log, beforeWork: async () => undefined, elapsedMs: () => 0 } as unknown as RunContext;
  const root = new Scope(run);
  let place = root;
  for (let n = 0; n < count; n++) {
    if (n % PER_STEP === 0) place = root.child(placeOf(n));
    const records = await place.call(
      { verb: "chunk", key: String(n), type: "trajectory", params: paramsOf(n) },
      async () => ({ bodies: Array.from({ length: recordsIn(n) }, (_, index) => bodyOf(n, index)) }),
    );
    if (records.length !== recordsIn(n)) throw new Error(`call ${n} has ${records.length} records`);
  }
}

function segments(): string[] {
  return readdirSync(join(directory, "journal")).filter((name) => /^\d{8}\.log$/.test(name));
}

function megabytes(): number {
  return segments().reduce((sum, name) => sum + readFileSync(join(directory, "journal", name)).length, 0) / 2 ** 20;
}

/** What is alive, MB. */
function heap(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** CPU seconds of this process, all threads, since it started. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function peakRss(): number {
  return process.resourceUsage().maxRSS / 1024;
}
