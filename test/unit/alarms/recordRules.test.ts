import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type Observation, Observations } from "../../../remote-agent/src/alarms/observations.ts";
import type { RunRecord } from "../../../remote-agent/src/protocol/records.ts";
import { figures, raisedBy, usual } from "./support.ts";

/**
 * What the rules see of whole demos: `RZERO_HOME=HOME npm run demo -- --headless --seed N`, then
 * `node test/support/observationsOf.ts HOME/runs/RUN > test/vectors/alarms-demo.jsonl`, which is of seed 5; the others have their seed
 * in their name. Three iterations each, in which mean@8 rises.
 */
async function observed(file: string): Promise<Observation[]> {
  const text = await readFile(path.resolve(import.meta.dirname, "../../vectors", file), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Observation);
}
const demos = {
  "seed 5": await observed("alarms-demo.jsonl"),
  "seed 6": await observed("alarms-demo-6.jsonl"),
  "seed 7": await observed("alarms-demo-7.jsonl"),
};

const steps = (name: string, values: (step: number) => Record<string, number>, count = 6) =>
  Array.from({ length: count }, (_, i) => figures(name, [1, i + 1], values(i + 1)));

describe.each(Object.entries(demos))("the healthy demo, %s", (_, demo) => {
  test("has everything that the rules look at", () => {
    expect(demo.filter(({ kind }) => kind === "votes")).toHaveLength(27);
    expect(new Set(demo.flatMap((item) => (item.kind === "figures" ? [item.name] : [])))).toEqual(
      new Set(["audit", "challenger", "curriculum", "solver"]),
    );
    const entropies = demo.flatMap((item) => (item.kind === "figures" ? (item.values["entropy"] ?? []) : []));
    expect(entropies).toHaveLength(99);
  });

  test("raises no alarm", () => {
    expect(raisedBy(demo)).toEqual([]);
  });

  test("would raise each of them at a stricter limit: none is silent because it never looks", () => {
    const strict = usual((alarms) => {
      alarms.lengthJump.factor = 1.05;
      alarms.entropyCollapse.share = 0.9;
      alarms.duplicates.share = 0.05;
      alarms.uniqueCollapse.share = 0.01;
      alarms.settled.share = 0.05;
    });
    const rules = new Set(raisedBy(demo, strict).map((episode) => episode.split(":")[0]));
    expect(rules).toEqual(new Set(["lengthJump", "entropyCollapse", "duplicates", "uniqueCollapse", "settled"]));
  });
});

describe("reward up while the audit falls", () => {
  const audit = (iteration: number, accuracy: number) =>
    figures("audit", [iteration, null], { mean_at_k: accuracy, questions: 230 });
  const rising = steps("solver", (step) => ({ reward: 0.5 + 0.05 * step }));
  const level = steps("solver", () => ({ reward: 0.6 }));

  test("both, in one iteration", () => {
    expect(raisedBy([audit(0, 0.6), ...rising, audit(1, 0.5)])).toEqual(["auditFalls:solver:audit-1-null"]);
  });
  test("not when only one of them is so", () => {
    expect(raisedBy([audit(0, 0.6), ...rising, audit(1, 0.65)])).toEqual([]);
    expect(raisedBy([audit(0, 0.6), ...level, audit(1, 0.5)])).toEqual([]);
  });
  test("not when the fall is within the audit's noise", () => {
    const small = (iteration: number, accuracy: number) =>
      figures("audit", [iteration, null], { mean_at_k: accuracy, questions: 4 });
    expect(raisedBy([small(0, 0.6), ...rising, small(1, 0.5)])).toEqual([]);
  });
});

describe("length", () => {
  const tokens = (lengths: number[], name = "solver") =>
    lengths.map((length, i) => figures(name, [1, i + 1], { completion_tokens: length }));
  test("a jump up or down against the steps before, once while it lasts", () => {
    expect(raisedBy(tokens([100, 110, 90, 260, 280, 270]))).toEqual(["lengthJump:solver:solver-1-4"]);
    expect(raisedBy(tokens([100, 110, 90, 40]))).toHaveLength(1);
  });
  test("each role against itself", () => {
    expect(raisedBy([...tokens([100, 100, 100], "challenger"), ...tokens([300, 300, 300, 300])])).toEqual([]);
  });
  test("steady growth is no jump", () => {
    expect(raisedBy(tokens(Array.from({ length: 40 }, (_, i) => 100 * 1.05 ** i)))).toEqual([]);
  });
});

test("entropy against the role's first steps; an engine that does not tell it is not judged", () => {
  expect(raisedBy(steps("solver", (step) => ({ entropy: step < 5 ? 0.2 : 0.02 })))).toEqual([
    "entropyCollapse:solver:solver-1-5",
  ]);
  expect(raisedBy(steps("solver", () => ({}) as Record<string, number>))).toEqual([]);
});

test("duplicates count only where there are questions enough to have any", () => {
  const step = (valid: number) => [figures("challenger", [1, 1], { valid_share: valid, unique_share: 0.2 })];
  expect(raisedBy(step(1))).toHaveLength(1);
  expect(raisedBy(step(0.05))).toEqual([]);
});

test("questions that are alike count as duplicates, though no two are the same", () => {
  const step = (penalty: number) => [
    figures("challenger", [1, 1], { valid_share: 1, unique_share: 1, repetition_penalty: penalty }),
  ];
  expect(raisedBy(step(0.6))).toHaveLength(1);
  expect(raisedBy(step(0.3))).toEqual([]);
});

describe("votes", () => {
  const ballots = (votes: (i: number) => number, label: (i: number) => string, verb = "score"): RunRecord[] => {
    const call = "iteration:2/challenger/step:3/score:reward";
    const scores = Array.from({ length: 20 }, (_, i) => ({
      type: "score" as const,
      id: `${i}`,
      call,
      parents: [],
      value: 0,
      parts: { valid: true, votes: votes(i), denominator: 10, label: label(i) },
      scorer: { name: "solve-rate", version: 1 },
      consulted: [],
    }));
    return [...scores, { type: "call", key: call, verb, params: {}, count: 20, ms: 1 }];
  };
  const observed = (records: readonly RunRecord[]) => {
    const observations = new Observations();
    for (const record of records) observations.visit(record);
    return observations.take();
  };

  test("all at p̂ 0 or 1", () => {
    const all = ballots((i) => (i % 2 === 0 ? 10 : 0), String);
    expect(raisedBy(observed(all))).toEqual(["settled:challenger:iteration:2/challenger/step:3/score:reward"]);
    expect(raisedBy(observed(ballots((i) => (i < 2 ? 6 : 10), String)))).toEqual([]);
  });

  test("one answer to most of them", () => {
    const most = ballots(
      () => 6,
      (i) => (i < 12 ? "0" : String(i)),
    );
    expect(raisedBy(observed(most))).toHaveLength(1);
    expect(raisedBy(observed(ballots(() => 6, String)))).toEqual([]);
  });

  test("those of a call that a crash left open do not count, and come again with the next owner", () => {
    const records = ballots(() => 10, String);
    const owner: RunRecord = { type: "owner", pid: 1, agent: "a", engine: null };
    expect(observed([...records.slice(0, 13), owner])).toEqual([]);
    expect(observed([...records.slice(0, 13), owner, ...records])).toEqual(observed(records));
  });
});
