// One measurement of journal.ts in a process of its own: node journal.measure.mts CASE DIRECTORY → one line of JSON
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { applyRecord, emptyRunView } from "../../remote-agent/src/protocol/runFold.ts";
import { RecentRecords } from "../../remote-agent/src/run/feed.ts";
import { Journal } from "../../remote-agent/src/run/journal/journal.ts";
import { encodeBody, recordJson, recordLine } from "../../remote-agent/src/run/journal/record.ts";
import { asRunRecord } from "../../remote-agent/src/run/opened.ts";

const [what = "", directory = ""] = process.argv.slice(2);

const measurements: Record<string, () => Promise<Record<string, number>>> = {
  "group-1k": () => throughput(1024, 400_000),
  "group-16k": () => throughput(16_384, 30_000),
  "load-2000": () => atLoad(2000, 10),
  durable: () => durable(2000),
  "fdatasync-1k": () => perRecord(1024, 2000),
  "fdatasync-16k": () => perRecord(16_384, 1000),
  "sqlite-1k": () => sqlite(1024, 2000, 1),
  "sqlite-batched-1k": () => sqlite(1024, 200_000, 1000),
  "sqlite-batched-16k": () => sqlite(16_384, 20_000, 64),
};
console.log(JSON.stringify(await (measurements[what] ?? unknown)()));

function unknown(): never {
  throw new Error(`no such measurement: ${what}`);
}

/** A trajectory record, as most records of a run are, whose JSON has about `bytes` bytes. */
function recordOf(n: number, bytes: number) {
  const id = n.toString(16).padStart(24, "0");
  const record = {
    type: "trajectory" as const,
    id,
    call: "iteration:2/challenger/step:3/rollout:ask/chunk:7",
    parents: ["0123456789abcdef01234567"],
    role: "solver",
    checkpoint: "fedcba9876543210fedcba98",
    rollout: n % 10,
    seed: 140_737_488_355_328 + n,
    stop: "stop",
    promptTokens: 131,
    completionTokens: 412 + (n % 100),
    product: { valid: true, question: null, answer: "\\frac{3}{7}", reason: null },
    data: { pack: `${id}-0.pack`, offset: n * 4000, length: 4000 },
    text: "",
  };
  record.text = "x".repeat(Math.max(0, bytes - 60 - JSON.stringify(record).length));
  return record;
}

/** A journal with the listeners that a supervisor has: the run's view and the newest records for clients. */
async function openJournal(): Promise<Journal> {
  const { journal } = await Journal.open(directory, { epoch: 1, clock: Date.now, ballastBytes: 0 });
  const view = emptyRunView();
  const recent = new RecentRecords();
  journal.onPublish((records) => {
    recent.add(records);
    for (const record of records) {
      const known = asRunRecord(record);
      if (known !== null) applyRecord(view, known);
    }
  });
  return journal;
}

/** Records are appended one by one, never more than 8,192 unacknowledged, until all are durable and published. */
async function throughput(bytes: number, count: number) {
  const journal = await openJournal();
  const records = Array.from({ length: 1000 }, (_, n) => recordOf(n, bytes));
  const window = Math.min(8192, Math.floor(2 ** 23 / bytes));
  const before = process.cpuUsage();
  const mainBefore = process.threadCpuUsage();
  const started = performance.now();
  let open = 0;
  let wake: (() => void) | null = null;
  const settled = () => {
    open -= 1;
    if (open < window / 2) wake?.();
  };
  for (let n = 0; n < count; n++) {
    if (open >= window) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
    open += 1;
    journal.append([records[n % records.length] as (typeof records)[number]], { durable: false }).then(settled);
  }
  await journal.close();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const main = process.threadCpuUsage(mainBefore);
  return {
    records_per_s: count / seconds,
    mb_per_s: (count * bytes) / 2 ** 20 / seconds,
    cpu_us_per_record: (user + system) / count,
    main_us_per_record: (main.user + main.system) / count,
  };
}

/** `perSecond` records of 1 KB arrive evenly, in batches of what is due every 5 ms; from append to published. */
async function atLoad(perSecond: number, seconds: number) {
  const journal = await openJournal();
  const appended = new Map<number, number>();
  const latencies: number[] = [];
  journal.onPublish((_records, { first, last }) => {
    const now = performance.now();
    for (let seq = first; seq <= last; seq++) latencies.push(now - (appended.get(seq) ?? now));
  });
  const started = performance.now();
  let n = 0;
  for (let elapsed = 0; elapsed < seconds * 1000; elapsed = performance.now() - started) {
    for (; n < (elapsed / 1000) * perSecond; n++) {
      appended.set(n + 1, performance.now());
      void journal.append([recordOf(n, 1024)], { durable: false });
    }
    await delay(5);
  }
  await journal.close();
  return { records_per_s: n / seconds, ...percentiles(latencies) };
}

/** One durable append after the other, each awaited: what a verb call waits for. */
async function durable(count: number) {
  const journal = await openJournal();
  const latencies: number[] = [];
  const started = performance.now();
  for (let n = 0; n < count; n++) {
    const at = performance.now();
    await journal.append([recordOf(n, 1024)], { durable: true });
    latencies.push(performance.now() - at);
  }
  await journal.close();
  return { records_per_s: (count / (performance.now() - started)) * 1000, ...percentiles(latencies) };
}

/** The same line format, written and synced one record at a time. */
async function perRecord(bytes: number, count: number) {
  const file = openSync(join(directory, "baseline.log"), "w");
  const latencies: number[] = [];
  const started = performance.now();
  for (let n = 0; n < count; n++) {
    const at = performance.now();
    writeSync(file, recordLine(recordJson(encodeBody(recordOf(n, bytes)), n + 1, 1, Date.now())));
    fdatasyncSync(file);
    latencies.push(performance.now() - at);
  }
  closeSync(file);
  return { records_per_s: (count / (performance.now() - started)) * 1000, ...percentiles(latencies) };
}

/** SQLite in WAL mode with synchronous=FULL, `batch` records a transaction. */
async function sqlite(bytes: number, count: number, batch: number) {
  const database = new DatabaseSync(join(directory, "baseline.sqlite"));
  database.exec(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE records (seq INTEGER PRIMARY KEY, json TEXT)",
  );
  const insert = database.prepare("INSERT INTO records VALUES (?, ?)");
  const records = Array.from({ length: 1000 }, (_, n) => recordOf(n, bytes));
  const started = performance.now();
  for (let n = 0; n < count; ) {
    database.exec("BEGIN IMMEDIATE");
    for (const end = Math.min(count, n + batch); n < end; n++) insert.run(n + 1, JSON.stringify(records[n % 1000]));
    database.exec("COMMIT");
  }
  const seconds = (performance.now() - started) / 1000;
  database.close();
  return { records_per_s: count / seconds };
}

function percentiles(latencies: number[]) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}
