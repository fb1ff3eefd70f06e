import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { charts, wantedSeries } from "../../../../remote-agent/src/protocol/charts.ts";
import { formatBytes, formatDuration, formatNumber } from "../../../../remote-agent/src/protocol/figures.ts";
import type { StageBand } from "../../../../remote-agent/src/protocol/series.ts";
import type { Figures } from "../../../../src/panels/charts/messages.ts";
import { isAwaited } from "../../../../webview/charts/awaited.ts";
import { csvOf } from "../../../../webview/charts/csv.ts";
import { type Curve, curvesOf } from "../../../../webview/charts/curves.ts";
import { nearest } from "../../../../webview/charts/nearest.ts";
import { placeOf } from "../../../../webview/charts/places.ts";
import { afterFigures, type ShownRun } from "../../../../webview/charts/store.ts";

const line = (name: string, x: number[], y: number[], total = x.length) => ({
  name,
  total,
  x: Float64Array.from(x),
  y: Float64Array.from(y),
});
const figures = (parts: Partial<Figures>): Figures => ({
  run: "a",
  reset: true,
  lines: [],
  catalogue: [],
  bands: [],
  histograms: [],
  keptBand: null,
  startedAt: 0,
  ...parts,
});
const run = (key: string, told: Figures): ShownRun => ({
  key,
  id: key,
  name: `run ${key}`,
  host: "here",
  state: "running",
  live: true,
  link: { kind: "connected", lastHeard: null, why: null },
  behind: 0,
  problem: null,
  data: afterFigures(null, told),
});
const chart = (id: string) => charts.find((spec) => spec.id === id)!;

describe("what a page was told of a run", () => {
  it("grows by what follows, and begins anew after a reset", () => {
    const first = afterFigures(null, figures({ lines: [line("solver/reward", [1, 2], [0.1, 0.2])] }));
    const more = figures({ reset: false, bands: null, lines: [line("solver/reward", [3], [0.3])] });
    const second = afterFigures(first, more);
    expect([...(second.lines.get("solver/reward")?.x ?? [])]).toEqual([1, 2, 3]);
    expect(second.lines.get("solver/reward")?.total).toBe(3);
    const same = afterFigures(second, figures({ reset: false, bands: null, lines: [line("solver/reward", [], [])] }));
    expect(same.lines.get("solver/reward")).toBe(second.lines.get("solver/reward"));
    const anew = afterFigures(second, figures({ lines: [line("solver/reward", [9], [1])] }));
    expect([...(anew.lines.get("solver/reward")?.x ?? [])]).toEqual([9]);
  });
});

describe("a chart that has nothing to show", () => {
  const having = (...names: string[]) => {
    const catalogue = names.map((name) => ({ name, axis: "solver", points: 1 }));
    return run("a", figures({ catalogue }));
  };
  const at = (shown: ShownRun, state: string | null): ShownRun => ({ ...shown, state });
  it("is awaited while a run goes on and has not come to what measures it", () => {
    const challenging = having("challenger/reward", "audit/greedy", "host/cpu_busy");
    for (const id of ["solverReward", "solver.kl", "shares", "labels", "stageThroughput"])
      expect(isAwaited(chart(id), [challenging]), id).toBe(true);
    for (const id of ["questionLength", "challenger.kl", "gpu"])
      expect(isAwaited(chart(id), [challenging]), id).toBe(false);
    expect(isAwaited(chart("solverReward"), [at(challenging, "paused")])).toBe(true);
  });

  it("is not when no figures come any more, or that stage measured other things", () => {
    for (const state of ["completed", "failed", "stopped", "interrupted", null])
      expect(isAwaited(chart("solverReward"), [at(having("challenger/reward"), state)])).toBe(false);
    expect(isAwaited(chart("labels"), [having("curriculum/kept_share")])).toBe(false);
    expect(isAwaited(chart("labels"), [{ ...having(), data: null }])).toBe(false);
  });

  it("is where one of several runs may still bring it", () => {
    expect(isAwaited(chart("solverReward"), [at(having(), "completed"), having("challenger/reward")])).toBe(true);
  });
});

describe("curves", () => {
  const told = figures({ lines: [line("challenger/reward", [1], [1]), line("challenger/uncertainty", [1], [2])] });

  it("of one run differ in colour, of several runs each has the colour of its run", () => {
    const one = curvesOf(chart("challengerReward"), [run("a", told)], {});
    expect(one.map(({ color, dash }) => [color, dash])).toEqual([
      [0, 0],
      [1, 0],
    ]);
    const two = curvesOf(chart("challengerReward"), [run("a", told), run("b", told)], {});
    expect(two.map(({ run: name, color, dash }) => [name, color, dash])).toEqual([
      ["run a", 0, 0],
      ["run a", 0, 1],
      ["run b", 1, 0],
      ["run b", 1, 1],
    ]);
  });

  it("take the finer points of a stretch where there are some", () => {
    const finer = new Map([["a", [line("challenger/reward", [1, 1.5], [1, 3], 2)]]]);
    const [reward, uncertainty] = curvesOf(chart("challengerReward"), [run("a", told)], {}, finer);
    expect([...(reward?.x ?? [])]).toEqual([1, 1.5]);
    expect([...(uncertainty?.x ?? [])]).toEqual([1]);
  });

  it("of the host begin with the run, in seconds", () => {
    const host = figures({ startedAt: 5000, lines: [line("host/cpu_busy", [6000, 9000], [1, 2])] });
    expect([...(curvesOf(chart("cpu"), [run("a", host)], {})[0]?.x ?? [])]).toEqual([1, 4]);
  });

  it("one a GPU that the catalogue names", () => {
    const catalogue = ["host/gpu_watts/0", "host/gpu_watts/1"].map((name) => ({ name, axis: "time", points: 1 }));
    const gpus = figures({ catalogue, lines: catalogue.map(({ name }) => line(name, [1], [300])) });
    expect(curvesOf(chart("power"), [run("a", gpus)], {}).map(({ label }) => label)).toEqual(["GPU 0", "GPU 1"]);
    expect(wantedSeries(catalogue.map(({ name }) => name))).toContain("host/gpu_watts/1");
    expect(wantedSeries([]).filter((name) => name.includes("*"))).toEqual([]);
  });

  it("histograms are shares, the first iteration and the newest ones, the older the paler", () => {
    const histograms = Array.from({ length: 9 }, (_, i) => ({ iteration: i + 1, counts: [0, i + 1, 1] }));
    const shares = curvesOf(chart("shares"), [run("a", figures({ histograms }))], { iteration: "iteration" });
    expect(shares.map(({ label }) => label)).toEqual([1, 5, 6, 7, 8, 9].map((n) => `iteration ${n}`));
    for (const { y } of shares) expect(y.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    const strengths = shares.map(({ strength }) => strength);
    expect(strengths).toEqual([...strengths].sort((a, b) => a - b));
  });
});

describe("where a point is", () => {
  const bands: StageBand[] = [
    { axis: "solver", iteration: 1, stage: "solver", from: 1, to: 25, step: 1 },
    { axis: "solver", iteration: 2, stage: "solver", from: 26, to: 40, step: 3 },
    { axis: "time", iteration: 2, stage: "curriculum", from: 1000, to: null, step: null },
  ];

  it("is a step within its stage, counted from where the stage began", () => {
    expect(placeOf({ axis: "solver" }, 25, bands)).toEqual({ iteration: 1, stage: "solver", step: 25 });
    expect(placeOf({ axis: "solver" }, 28, bands)).toEqual({ iteration: 2, stage: "solver", step: 5 });
    expect(placeOf({ axis: "challenger" }, 28, bands)).toBeNull();
  });

  it("is the stage at a time, or the stage that an iteration's figure is of", () => {
    expect(placeOf({ axis: "time" }, 5000, bands)).toEqual({ iteration: 2, stage: "curriculum", step: null });
    expect(placeOf({ axis: "time" }, 10, bands)).toBeNull();
    expect(placeOf({ axis: "iteration", stage: "audit" }, 3, bands)).toEqual({
      iteration: 3,
      stage: "audit",
      step: null,
    });
    expect(placeOf({ axis: "share" }, 0.5, bands)).toBeNull();
  });
});

it("the nearest point is the one that no other is nearer than", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }),
      fc.integer({ min: -60, max: 60 }),
      (xs, x) => {
        const ascending = [...xs].sort((a, b) => a - b);
        const found = ascending[nearest(ascending, x)] ?? Number.NaN;
        expect(Math.abs(found - x)).toBe(Math.min(...ascending.map((other) => Math.abs(other - x))));
      },
    ),
  );
  expect(nearest([], 1)).toBe(-1);
});

it("a CSV has a row a point, quotes what it must, and nothing in it becomes a formula", () => {
  const curve = (name: string): Curve => ({
    runKey: "a",
    run: name,
    name: "solver/reward",
    label: "",
    x: Float64Array.of(1, 2),
    y: Float64Array.of(0.5, 0.25),
    total: 2,
    color: 0,
    dash: 0,
    strength: 1,
  });
  expect(csvOf([curve('a "b", c')], "step")).toBe(
    '"run","series","step","value"\n"a ""b"", c","solver/reward",1,0.5\n"a ""b"", c","solver/reward",2,0.25\n',
  );
  for (const hostile of ["=1+1", "+1", "-1", "@x", "\t=1"])
    expect(csvOf([curve(hostile)], "step")).toContain(`"'${hostile}"`);
});

it("figures are short: numbers, bytes, durations", () => {
  expect([0, 0.00012, 0.1234, 12.345, 12345, -3].map(formatNumber)).toEqual([
    "0",
    "1.20e-4",
    "0.123",
    "12.3",
    "12345",
    "-3",
  ]);
  expect([512, 1536, 200 * 2 ** 20, 3 * 2 ** 30].map(formatBytes)).toEqual(["512 B", "1.5 KiB", "200 MiB", "3.0 GiB"]);
  expect([9.32, 245, 3723].map(formatDuration)).toEqual(["9.3 s", "4:05", "1:02:03"]);
});

it("every chart has its own id, and asks for series that no GPU number is missing from", () => {
  expect(new Set(charts.map(({ id }) => id)).size).toBe(charts.length);
});
