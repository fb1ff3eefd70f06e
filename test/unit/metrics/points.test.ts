import fc from "fast-check";
import { expect, it } from "vitest";
import { metricPoint } from "../../../remote-agent/src/protocol/metricsOut.ts";
import type { RunRecord } from "../../../remote-agent/src/protocol/records.ts";
import { MetricPoints } from "../../../remote-agent/src/run/metrics/points.ts";
import { audit, challenger, curriculum, metric, solver, stage, stored } from "../cli/support.ts";

const id = (n: number) => n.toString(16).padStart(24, "0");
/** Records as a recipe writes them: each metric with an id of its own. */
const own = (records: RunRecord[]) =>
  records.map((record, i) => (record.type === "metric" ? { ...record, id: id(i + 1) } : record));

function points(records: RunRecord[]) {
  const fold = new MetricPoints();
  return stored(records).flatMap((record) => fold.add(record));
}

const run = own([
  ...audit(0, { mean: 0.5, majority: 0.7, greedy: 0.8 }),
  ...[1, 2].flatMap((v) => [
    ...challenger(v),
    ...curriculum(v),
    ...solver(v),
    ...audit(v, { mean: 0.6, majority: 0.8, greedy: 0.8 }),
  ]),
]);

it("counts training steps over all iterations, and audits and curricula by iteration", () => {
  const steps = (axis: string) =>
    points(run)
      .filter((point) => point.axis === axis && point.kind === "scalars")
      .map(({ step }) => step);
  expect(steps("challenger")).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(steps("solver")).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  expect(steps("audit")).toEqual([0, 1, 2]);
  expect(steps("curriculum")).toEqual([1, 2]);
});

it("numbers points without gaps, in the order of the journal, each as the contract says", () => {
  const all = points(run);
  expect(all.map(({ ordinal }) => ordinal)).toEqual(all.map((_, i) => i + 1));
  for (const point of all) expect(metricPoint.parse(point)).toEqual(point);
});

it("gives majority shares as a histogram, accuracy by difficulty as curves, and nothing for what is null", () => {
  const [scalars, histogram] = points(
    own([metric(3, "curriculum", null, { share_histogram: [0, 2, 5], kept: null, questions: 7 })]),
  );
  expect(scalars).toMatchObject({ values: { questions: 7 }, step: 3 });
  expect(histogram).toMatchObject({
    kind: "histogram",
    name: "majority_share_histogram",
    centers: [0, 0.5, 1],
    counts: [0, 2, 5],
  });
  const [accuracy] = points(own([metric(1, "audit", null, { difficulties: [2, 10], mean_by_difficulty: [0.9, 0.1] })]));
  expect(accuracy).toMatchObject({ values: { "accuracy_at_difficulty/02": 0.9, "accuracy_at_difficulty/10": 0.1 } });
});

it("gives time and optimiser steps axes of their own", () => {
  const step = (n: number): RunRecord => ({
    type: "checkpoint",
    id: id(1000 + n),
    call: "c",
    parents: [],
    role: "solver",
    method: "grpo",
    step: n,
    metrics: { loss: n },
    batch: null,
    durable: false,
    path: null,
    weights: null,
  });
  const found = points([step(1), step(2), stage("end", 1, "solver", 10), step(1)]);
  expect(found).toMatchObject([
    { axis: "solver_optimizer", step: 1, values: { loss: 1 } },
    { axis: "solver_optimizer", step: 2, values: { loss: 2 } },
    { axis: "time", step: 1, values: { solver_seconds: 10, solver_engine_seconds: 9 } },
  ]);
});

it("gives every point once, whatever records a crash made the journal hold twice", () => {
  const repeats = fc.array(fc.nat({ max: run.length - 1 }), { maxLength: 40 });
  fc.assert(
    fc.property(repeats, (again) => {
      // Only what stood before can stand again.
      const records = run.flatMap((record, i) => [
        record,
        ...again.filter((j) => j <= i && j % 7 === i % 7).map((j) => run[j]!),
      ]);
      const bare = (list: RunRecord[]) => points(list).map(({ t: _, ...point }) => point);
      expect(bare(records)).toEqual(bare(run));
    }),
    { numRuns: 30 },
  );
});

it("shows a few questions of a curriculum, kept and dropped, the same at every replay", () => {
  const task = (n: number): RunRecord => ({
    type: "task",
    id: id(n),
    call: "q",
    parents: [],
    domain: "sort",
    question: `sort ${n}${n === 3 ? `!${"😀".repeat(1000)}` : n === 5 ? "\ud800" : "1"}`,
    truth: { source: "none", answer: null },
    difficulty: 2,
    proposedBy: null,
  });
  const label = (n: number, kept: boolean): RunRecord => ({
    type: "score",
    id: id(n + 500),
    call: "s",
    parents: [id(n)],
    value: 0.5,
    parts: {
      votes: 5,
      denominator: 10,
      label: "12",
      kept,
      reason: kept ? "kept" : "too_easy",
      correct: kept ? true : null,
    },
    scorer: { name: "pseudo-label", version: 1 },
    consulted: [],
  });
  const records = [
    ...Array.from({ length: 40 }, (_, n) => task(n)),
    ...Array.from({ length: 40 }, (_, n) => label(n, n % 2 === 1)),
    ...own([metric(1, "curriculum", null, { questions: 40 }), metric(2, "curriculum", null, { questions: 0 })]),
  ];
  const tables = points(records).filter((point) => point.kind === "table");
  expect(tables).toHaveLength(1);
  const rows = tables[0]?.kind === "table" ? tables[0].rows : [];
  expect(rows.filter((row) => row[3] === "yes")).toHaveLength(6);
  expect(rows.filter((row) => row[3] === "no: too_easy")).toHaveLength(4);
  expect(rows[0]).toEqual(["sort 11", "12", "5 of 10", "yes", "agrees"]);
  for (const [question = ""] of rows) {
    expect(question.length).toBeLessThan(310);
    expect(question.isWellFormed()).toBe(true);
  }
  expect(rows[1]?.[0]).toMatch(/^sort 3!😀+\ufffd…$/u);
  expect(rows[2]?.[0]).toBe("sort 5\ufffd");
});
