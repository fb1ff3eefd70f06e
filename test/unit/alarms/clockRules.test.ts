import { describe, expect, test } from "vitest";
import { clockRules } from "../../../remote-agent/src/alarms/clockRules.ts";
import type { Moment } from "../../../remote-agent/src/alarms/moment.ts";
import type { AlarmRule } from "../../../remote-agent/src/protocol/alarms.ts";
import type { TelemetrySample } from "../../../remote-agent/src/protocol/telemetry.ts";
import { ownGpus } from "../../../remote-agent/src/run/alarms/ownGpus.ts";
import { WorkClock } from "../../../remote-agent/src/run/alarms/workClock.ts";
import { usual } from "./support.ts";

const MINUTE = 60_000;
const telemetry = (utilization: (number | null)[], free = 1e12): TelemetrySample => ({
  t: 0,
  cpu: { cores: 8, busy: 1, load: [1, 1, 1] },
  memory: { total: 1, used: 1, limited: false },
  disk: { total: 1e13, free },
  gpus: utilization.map((value, index) => ({
    index,
    name: "GPU",
    utilization: value,
    memoryUsed: null,
    memoryTotal: null,
    watts: null,
    celsius: null,
  })),
  processes: [],
});
const moment = (minutes: number, more: Partial<Moment> = {}): Moment => ({
  t: minutes * MINUTE,
  elapsed: minutes * MINUTE,
  working: true,
  place: { iteration: 1, stage: "solver", step: null },
  lastWork: minutes * MINUTE,
  longestGap: 0,
  telemetry: telemetry([0.9]),
  gpus: null,
  checkpoint: 0,
  verdicts: { asked: 1000, failed: 0 },
  ...more,
});

/** Which rule holds at each of the moments. */
function held(rule: AlarmRule, moments: readonly Moment[]): boolean[] {
  const rules = clockRules(usual);
  return moments.map((item) => rules(item).find((reading) => reading.rule === rule)?.holds ?? false);
}

test("a run that works raises nothing", () => {
  const rules = clockRules(usual);
  for (let minute = 0; minute < 60; minute++) expect(rules(moment(minute)).filter(({ holds }) => holds)).toEqual([]);
});

describe("idle GPUs", () => {
  const idle = (minutes: number, more: Partial<Moment> = {}) =>
    moment(minutes, { telemetry: telemetry([0.01, 0]), ...more });
  test("all of them for ten minutes, and over as soon as one works", () => {
    expect(held("gpuIdle", [idle(0), idle(9), idle(10), idle(11), moment(12), idle(13)])).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });
  test("a pause is no idleness", () => {
    expect(held("gpuIdle", [idle(0), idle(9, { working: false }), idle(10), idle(19)])).not.toContain(true);
  });
  test("only the run's own count, and those that tell", () => {
    const mixed = (minutes: number, gpus: readonly number[] | null) =>
      moment(minutes, { telemetry: telemetry([0, 0.9, null]), gpus });
    expect(held("gpuIdle", [mixed(0, null), mixed(20, null)])).toEqual([false, false]);
    expect(held("gpuIdle", [mixed(0, [0, 2]), mixed(20, [0, 2])])).toEqual([false, true]);
    expect(held("gpuIdle", [mixed(0, [2]), mixed(20, [2])])).toEqual([false, false]);
  });
  test("which ones are the run's", () => {
    const engine = { url: null, device: "auto" } as Parameters<typeof ownGpus>[0];
    expect(ownGpus(engine, {})).toBeNull();
    expect(ownGpus(engine, { CUDA_VISIBLE_DEVICES: "2, 3" })).toEqual([2, 3]);
    expect(ownGpus(engine, { CUDA_VISIBLE_DEVICES: "GPU-8932f937" })).toBeNull();
    expect(ownGpus(engine, { CUDA_VISIBLE_DEVICES: "" })).toEqual([]);
    expect(ownGpus({ ...engine, device: "cpu" }, {})).toEqual([]);
    expect(ownGpus({ ...engine, url: "http://elsewhere:8000" }, {})).toEqual([]);
  });
});

describe("stalls", () => {
  const quiet = (minutes: number, more: Partial<Moment> = {}) => moment(minutes, { lastWork: 0, ...more });
  test("twenty minutes without a record, and over with the next one", () => {
    expect(held("stalled", [quiet(0), quiet(19), quiet(20), moment(21)])).toEqual([false, false, true, false]);
  });
  test("a run whose steps are slow has more time", () => {
    const slow = (minutes: number) => quiet(minutes, { longestGap: 10 * MINUTE });
    expect(held("stalled", [slow(0), slow(39), slow(40)])).toEqual([false, false, true]);
  });
  test("the time of a pause does not count", () => {
    expect(held("stalled", [quiet(0), quiet(30, { working: false }), quiet(31), quiet(50), quiet(51)])).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });
  test("one stall does not make the run a slow one; two do", () => {
    const clock = new WorkClock(0);
    for (const at of [1, 2, 32, 33]) clock.worked(at * MINUTE);
    expect(clock.usualLongest).toBe(1 * MINUTE);
    clock.worked(63 * MINUTE);
    expect(clock.usualLongest).toBe(30 * MINUTE);
    clock.rests(100 * MINUTE);
    clock.worked(101 * MINUTE);
    expect(clock.usualLongest).toBe(30 * MINUTE);
  });
});

describe("the disk", () => {
  const free = (bytes: number, checkpoint = 0) => moment(0, { telemetry: telemetry([0.9], bytes), checkpoint });
  test("less than two gigabytes, until there is clearly more", () => {
    expect(held("disk", [free(3e9), free(1.9e9), free(2.2e9), free(2.6e9)])).toEqual([false, true, true, false]);
  });
  test("or less than two checkpoints take", () => {
    expect(held("disk", [free(30e9, 8e9), free(15e9, 8e9)])).toEqual([false, true]);
  });
});

test("verifier errors: a share of what it was asked, and not the odd one", () => {
  const verdicts = (asked: number, failed: number) => moment(0, { verdicts: { asked, failed } });
  expect(held("verifierErrors", [verdicts(0, 0), verdicts(10, 7), verdicts(1000, 49), verdicts(1000, 50)])).toEqual([
    false,
    false,
    false,
    true,
  ]);
});
