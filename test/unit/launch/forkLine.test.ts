import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesText, rangeText, secondsText } from "../../../src/launch/amounts.ts";
import { changedSettings, forkLine, forkPlaceOf, iterationsBefore } from "../../../src/launch/forkLine.ts";
import { boundariesOf, boundaryAt } from "../../../src/runActions/boundaries.ts";
import { differencesText } from "../../../src/runActions/differences.ts";

describe("the line that makes a run.yaml a fork's", () => {
  const place = { host: "node 1", run: "20261127-000000-demo-aaaa", at: "2/challenger" };

  it("says where it begins, wherever in the text it stands", () => {
    expect(forkPlaceOf(`${forkLine(place)}\n# more\ndomain: sort\n`)).toEqual(place);
    expect(forkPlaceOf(`domain: sort\n${forkLine({ ...place, at: "3" })}`)).toEqual({ ...place, at: "3" });
  });

  it("tells how many iterations it takes over whole", () => {
    expect(["0", "2", "2/solver", "2/challenger"].map((at) => iterationsBefore({ at }))).toEqual([0, 2, 2, 1]);
  });

  it("a text without it is of no fork, and one that cannot be read starts nothing", () => {
    expect(forkPlaceOf("domain: sort\n# a fork of nothing\n")).toBeNull();
    for (const broken of [
      "",
      "{}",
      '{"host":"n","run":"../x","at":"1"}',
      '{"host":"n","run":"x","at":"solver"}',
      "{ half",
    ])
      expect(forkPlaceOf(`# rzero-fork: ${broken}\n`), broken).toBe("malformed");
  });

  it("whatever host, run and place it was made of, they are read again", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.stringMatching(/^[\w.-]{1,40}$/),
        fc.integer({ min: 0, max: 999 }),
        (host, run, at) => {
          expect(forkPlaceOf(forkLine({ host, run, at: String(at) }))).toEqual({ host, run, at: String(at) });
        },
      ),
    );
  });
});

describe("what a fork changes", () => {
  it("is every setting that differs, by its path", () => {
    const before = {
      iterations: 3,
      solver: { steps: 8, grpo: { kl: 0 } },
      policy: { kind: "full" },
      metrics: { wandb: null },
    };
    const after = {
      ...before,
      iterations: 4,
      solver: { steps: 8, grpo: { kl: 0.1 } },
      metrics: { wandb: { project: "p" } },
    };
    expect(changedSettings(before, after)).toEqual({
      iterations: 4,
      "solver.grpo.kl": 0.1,
      "metrics.wandb": { project: "p" },
    });
    expect(changedSettings(before, structuredClone(before))).toEqual({});
    // A setting that was taken out keeps the parent's value.
    expect(changedSettings(before, { iterations: 3 })).toEqual({});
  });
});

it("a fork may begin at the end of every training stage that ended, the newest first", () => {
  const stage = (iteration: number, name: string, status: "done" | "running") => ({ iteration, stage: name, status });
  const stages = [
    stage(0, "audit", "done"),
    stage(1, "challenger", "done"),
    stage(1, "curriculum", "done"),
    stage(1, "solver", "done"),
    stage(2, "challenger", "done"),
    stage(2, "solver", "running"),
  ];
  const boundaries = boundariesOf(stages);
  expect(boundaries.map(({ at }) => at)).toEqual(["2/challenger", "1", "1/challenger"]);
  expect(boundaryAt(boundaries, { iteration: 1, stage: null })?.at).toBe("1");
  expect(boundaryAt(boundaries, { iteration: 1, stage: "challenger" })?.at).toBe("1/challenger");
  expect(boundaryAt(boundaries, { iteration: 2, stage: "solver" })).toBeUndefined();
  expect(boundaryAt(boundaries, { iteration: 1, stage: "audit" })).toBeUndefined();
});

it("only differences of two configurations are shown, with both values", () => {
  const a = { name: "one", text: "seed: 1\nsolver:\n  steps: 8\n  lr: 1e-6\nsame: {x: 1}\n" };
  const b = { name: "two", text: "seed: 2\nsolver:\n  steps: 8\nsame: {x: 1}\nnew: [1, 2]\n" };
  expect(differencesText(a, b)).toBe(
    "# 3 of 5 settings differ.\n# a: one\n# b: two\n\nseed:\n  a: 1\n  b: 2\nsolver.lr:\n  a: 0.000001\n  b: null\nnew:\n  a: null\n  b:\n    - 1\n    - 2\n",
  );
  expect(differencesText(a, { ...a, name: "two" })).toMatch(/^# 0 of 4 settings differ/);
});

it("amounts are short", () => {
  expect([0, 999, 1024, 4.25e9, 214e9].map(bytesText)).toEqual(["0 B", "999 B", "1.0 KiB", "4.0 GiB", "199 GiB"]);
  expect([14, 120, 5400, 86_400 * 3].map(secondsText)).toEqual(["14 s", "2 min", "1.5 h", "3.0 d"]);
  expect(rangeText({ low: 14, likely: 120, high: 5400 }, secondsText)).toBe("2 min (14 s – 1.5 h)");
  expect(rangeText({ low: 1, likely: 1, high: 1 }, secondsText)).toBe("1 s");
});
