import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { type TelemetrySample, telemetryPoint } from "../../../remote-agent/src/protocol/telemetry.ts";
import { openHistory, readHistory, telemetryFile } from "../../../remote-agent/src/run/telemetry/history.ts";
import { TelemetryRecorder } from "../../../remote-agent/src/run/telemetry/recorder.ts";
import { pointOf } from "../../../remote-agent/src/run/telemetry/thinning.ts";

async function runDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "rzero-telemetry-"));
  await mkdir(path.join(directory, "logs"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const number = fc.double({ min: 0, max: 1e12, noNaN: true });
const maybe = fc.option(number);
const sample: fc.Arbitrary<TelemetrySample> = fc.record(
  {
    t: fc.integer({ min: 0, max: 2 ** 40 }),
    cpu: fc.record({ cores: fc.constant(8), busy: maybe, load: fc.constant([0, 0, 0]) }),
    memory: fc.record({ total: fc.constant(1e12), used: number, limited: fc.boolean() }),
    disk: fc.option(fc.record({ total: fc.constant(1e12), free: number })),
    gpus: fc.array(
      fc.record({
        index: fc.integer({ min: 0, max: 3 }),
        name: fc.constant("g"),
        utilization: maybe,
        memoryUsed: maybe,
        memoryTotal: maybe,
        watts: maybe,
        celsius: maybe,
      }),
      { maxLength: 1 },
    ),
    processes: fc.array(
      fc.record({ role: fc.constantFrom("agent", "engine"), pid: fc.constant(7), cores: maybe, memory: maybe }),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: ["t", "cpu", "memory", "disk", "processes"] },
);

it("thins samples to means that lie between them; what none of them tells stays unknown", () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 20 }), (samples) => {
      const point = telemetryPoint.parse(pointOf(samples));
      const busy = samples.flatMap(({ cpu }) => cpu.busy ?? []);
      if (busy.length === 0) expect(point.cpuBusy).toBeNull();
      else {
        expect(point.cpuBusy).toBeGreaterThanOrEqual(Math.min(...busy) - 0.001);
        expect(point.cpuBusy).toBeLessThanOrEqual(Math.max(...busy) + 0.001);
      }
      expect(point.engineCores === null).toBe(
        !samples.some(({ processes }) => processes.some(({ role, cores }) => role === "engine" && cores !== null)),
      );
      expect("gpus" in point).toBe(samples.some(({ gpus }) => (gpus ?? []).length > 0));
    }),
  );
});

it("records the first sample at once, answers with it, and keeps what it had of the minute when the owner ends", async () => {
  const directory = await runDirectory();
  const recorder = new TelemetryRecorder(directory);
  const { now, recent, history } = await recorder.answer(undefined);
  expect(now?.processes[0]).toMatchObject({ role: "agent", pid: process.pid });
  expect(recent).toEqual([now]);
  expect(history).toEqual([]);
  await recorder.close();
  expect(await readHistory(directory)).toMatchObject([{ samples: 1, t: now?.t }]);
  expect(await readHistory(directory, (now?.t ?? 0) + 1)).toEqual([]);
});

it("reads a history over rotation, and leaves out a line that a crash cut", async () => {
  const directory = await runDirectory();
  const [first] = fc.sample(sample, { numRuns: 1, seed: 1 });
  const point = pointOf([first as TelemetrySample]);
  await writeFile(`${telemetryFile(directory)}.1`, `${JSON.stringify({ ...point, t: 1 })}\n{"t":2,"samp`);
  const file = openHistory(directory);
  file.append(`${JSON.stringify({ ...point, t: 3 })}\n`);
  file.close();
  expect((await readHistory(directory)).map(({ t }) => t)).toEqual([1, 3]);
});
