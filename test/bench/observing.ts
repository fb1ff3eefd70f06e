/**
 * What watching a run costs it: a telemetry sample, a log line that survives `kill -9`, reading logs back, folding a
 * journal's records into points. CPU time of this process, so that a busy machine does not decide.
 *
 *   npm run bench -- observing [--json]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { TelemetrySampler } from "../../remote-agent/src/hostinfo/telemetry.ts";
import { formatLine } from "../../remote-agent/src/run/logs/line.ts";
import { MergedLogs } from "../../remote-agent/src/run/logs/mergedLogs.ts";
import { RotatingFile } from "../../remote-agent/src/run/logs/rotatingFile.ts";
import { MetricPoints } from "../../remote-agent/src/run/metrics/points.ts";
import { stored, wholeRun } from "../unit/cli/support.ts";

interface Row {
  bench: "observing";
  case: string;
  [figure: string]: string | number | boolean;
}

/** The supervisor samples every five seconds; a thousandth of a core is what that may take. */
const SAMPLE_BUDGET_MS = 5;
const LINES = 50_000;

export async function run({ emit }: { emit: (row: Row) => void }): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "rzero-observing-"));
  try {
    emit(await telemetryRow(directory));
    emit(writingRow(directory));
    emit(await readingRow(directory));
    emit(pointsRow());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function telemetryRow(directory: string): Promise<Row> {
  const sampler = new TelemetrySampler(directory);
  const sample = () => sampler.sample([{ role: "agent", pid: process.pid }]);
  for (let i = 0; i < 50; i++) await sample();
  const count = 300;
  const ms =
    (await cpuMs(async () => {
      for (let i = 0; i < count; i++) await sample();
    })) / count;
  // The usual way to ask for the same: one run of `ps` for the processes alone.
  const started = performance.now();
  const runs = 20;
  for (let i = 0; i < runs; i++) spawnSync("ps", ["-o", "pcpu=,rss=", "-p", String(process.pid)]);
  const psMs = (performance.now() - started) / runs;
  return {
    bench: "observing",
    case: "telemetry sample",
    cpu_ms: ms,
    share_of_a_core: ms / 5000,
    ps_wall_ms: psMs,
    within_budget: ms <= SAMPLE_BUDGET_MS,
  };
}

function writingRow(directory: string): Row {
  const file = new RotatingFile(path.join(directory, "agent.log"), { bytes: 2 ** 20, files: 100 });
  const ours = cpuMsNow(() => {
    for (let i = 0; i < LINES; i++) file.append(formatLine(i, "info", "agent", "x".repeat(100)));
  });
  file.close();
  return {
    bench: "observing",
    case: "log lines written",
    lines_per_cpu_s: (LINES / ours) * 1000,
  };
}

async function readingRow(directory: string): Promise<Row> {
  let lines = 0;
  const ms = await cpuMs(async () => {
    const logs = new MergedLogs(directory, { sources: ["agent"], since: null, after: null });
    for (let batch = await logs.next(); batch.length > 0; batch = await logs.next()) lines += batch.length;
    await logs.close();
  });
  return {
    bench: "observing",
    case: "log lines read over rotations",
    lines_per_cpu_s: (lines / ms) * 1000,
    lost: LINES - lines,
    holds: lines === LINES,
  };
}

function pointsRow(): Row {
  const records = stored(Array.from({ length: 100 }, () => wholeRun()).flat()).map((record, i) =>
    record.type === "metric" ? { ...record, id: i.toString(16).padStart(24, "0") } : record,
  );
  let points = 0;
  const ms = cpuMsNow(() => {
    const fold = new MetricPoints();
    for (const record of records) points += fold.add(record).length;
  });
  return {
    bench: "observing",
    case: "records folded into points",
    records_per_s: (records.length / ms) * 1000,
    points,
  };
}

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function cpuMsNow(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
