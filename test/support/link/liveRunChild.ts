import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { MetricRecord } from "../../../remote-agent/src/protocol/records.ts";
import { RunControl } from "../../../remote-agent/src/run/control.ts";
import { LiveExtensions } from "../../../remote-agent/src/run/liveExtensions.ts";
import { openRun } from "../../../remote-agent/src/run/opened.ts";
import { ReviewGate } from "../../../remote-agent/src/run/reviewGate.ts";
import { readRun } from "../../../remote-agent/src/run/runDir.ts";
import { serveRun } from "../../../remote-agent/src/run/runServer.ts";
import { TelemetryRecorder } from "../../../remote-agent/src/run/telemetry/recorder.ts";
import { recordIdOf } from "../../../remote-agent/src/verbs/identity.ts";

/**
 * A run's owner without a recipe: lock, journal and server of the product, and records at a rate. Commands come as lines:
 * `rate N` records a second in groups, `stop`. For each group that became durable it prints `first last nanoseconds` by the
 * clock that all processes of a machine share.
 */
const [runDir = "", group = "5"] = process.argv.slice(2);
const size = Number(group);
const opened = await openRun(runDir, (error) => {
  throw error;
});
const run = await readRun(runDir);
const control = new RunControl();
const server = await serveRun({
  run,
  runDir,
  opened,
  control,
  extensions: new LiveExtensions(run, runDir, opened),
  gate: new ReviewGate(opened, control, () => false),
  asides: null,
  telemetry: new TelemetryRecorder(runDir),
});
process.stdout.write("ready\n");
opened.journal.onPublish((_, { first, last }) => {
  process.stdout.write(`${first} ${last} ${process.hrtime.bigint()}\n`);
});

let rate = 0;
let stopped = false;
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [word, value] = line.split(" ");
    if (word === "rate") rate = Number(value);
    if (word === "stop") stopped = true;
  })
  .on("close", () => {
    stopped = true;
  });

/** As many figures as a training step has. */
const values = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`figure_${i}`, Math.sin(i)]));
let written = 0;
let since = performance.now();
let base = 0;
let before = 0;
while (!stopped) {
  if (rate !== before) {
    before = rate;
    base = written;
    since = performance.now();
  }
  const due = base + ((performance.now() - since) / 1000) * rate;
  const groups: Promise<unknown>[] = [];
  while (written + size <= due) {
    const records: MetricRecord[] = Array.from({ length: size }, (_, i) => ({
      type: "metric",
      id: recordIdOf(`step:${written}`, i),
      call: `step:${written}`,
      parents: [],
      name: `figures-${i}`,
      iteration: 1 + Math.floor(written / 10_000),
      stage: "solver",
      step: null,
      values,
    }));
    groups.push(opened.journal.append(records, { durable: true }));
    written += size;
    if (groups.length >= 200) break; // so that commands are heard
  }
  await Promise.all(groups);
  await delay(1);
}
await server.close();
await opened.close();
process.exit(0);
