import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  facetKeys,
  type QuestionFilter,
  questionQuery,
  questionSortKeys,
} from "../../../../remote-agent/src/protocol/questionQuery.ts";
import { questionRow } from "../../../../remote-agent/src/protocol/questionRows.ts";
import { facetsOf } from "../../../../remote-agent/src/run/index/facets.ts";
import { Questions } from "../../../../remote-agent/src/run/index/questions.ts";
import { smallRun, writeQuestionRun } from "../../../support/questionRun.ts";
import { type NaiveQuestion, naiveQuestions, naiveResult } from "./naive.ts";
import { built } from "./support.ts";

let directory: string;
let db: DatabaseSync;
let questions: Questions;
let naive: NaiveQuestion[];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "rzero-index-"));
  await writeQuestionRun(directory, smallRun, { seed: 11 });
  db = built(directory);
  questions = new Questions(db);
  questions.refresh();
  naive = await naiveQuestions(directory);
});

afterAll(async () => {
  db.close();
  await rm(directory, { recursive: true, force: true });
});

const range = (values: fc.Arbitrary<number>) => fc.record({ min: values, max: values }, { requiredKeys: [] });
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 4 });
const some = (...values: string[]) => maybe(fc.subarray(values, { minLength: 1 }));

const filters: fc.Arbitrary<QuestionFilter> = fc.record({
  iteration: maybe(fc.subarray([1, 2, 3], { minLength: 1 })),
  stage: some("challenger", "curriculum", "solver"),
  step: maybe(range(fc.integer({ min: 0, max: 3 }))),
  valid: maybe(fc.boolean()),
  reason: some("no_question", "no_box", "nonsense"),
  kept: maybe(fc.boolean()),
  band: some("kept", "too_easy", "too_hard", "no_label"),
  share: maybe(range(fc.constantFrom(0, 0.25, 0.5, 0.75, 1))),
  label: maybe(fc.constantFrom("0", "1", "2", "nothing")),
  correct: maybe(fc.boolean()),
  difficulty: maybe(range(fc.integer({ min: 0, max: 25 }))),
  reward: maybe(range(fc.double({ min: -1, max: 1, noNaN: true }))),
  penalty: maybe(range(fc.constantFrom(0, 0.05, 0.1))),
  trained: maybe(fc.boolean()),
  trainedSteps: maybe(range(fc.integer({ min: 0, max: 2 }))),
  rolled: maybe(
    fc.record(
      {
        iteration: fc.constantFrom(1, 2, 3),
        stage: fc.constantFrom("challenger", "curriculum", "solver"),
        step: fc.constantFrom(1, 2),
      },
      { requiredKeys: ["iteration", "stage"] },
    ),
  ),
  first: maybe(fc.nat(130)),
  text: maybe(
    fc.constantFrom(
      "the",
      "prime number",
      "frac",
      "\\frac{n(n+1)}{2}",
      "三角形",
      "面积",
      "gcd",
      "absent",
      "of THE and",
    ),
  ),
});
const columns = questionSortKeys.filter((key) => key !== "answerTokens");
const queries = fc.record({
  filter: filters,
  sort: fc.record({ by: fc.constantFrom(...columns), descending: fc.boolean() }),
  limit: fc.integer({ min: 1, max: 40 }),
});

it("every page of every query is what filtering, sorting and slicing the records gives", () => {
  fc.assert(
    fc.property(queries, fc.nat(130), (query, at) => {
      const expected = naiveResult(naive, query.filter, query.sort);
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const page = questions.page(questionQuery.parse({ ...query, ...(after === undefined ? {} : { after }) }));
        expect(page.total).toBe(expected.length);
        expect(page.at).toBe(ids.length);
        ids.push(...page.rows.map(({ id }) => id));
        after = page.next ?? undefined;
      } while (after !== undefined);
      expect(ids).toEqual(expected.map(({ id }) => id));
      const jumped = questions.page(questionQuery.parse({ ...query, at }));
      expect(jumped.rows.map(({ id }) => id)).toEqual(ids.slice(at, at + query.limit));
    }),
    { numRuns: 400 },
  );
});

it("every figure of every question is what its records say", () => {
  expect(naive.length).toBe(questions.memory.length);
  for (const [i, expected] of naive.entries()) {
    const { clipped, answerTokens, ...row } = questionRow.parse(questions.row(i + 1));
    const { words, rollouts, ...rest } = expected;
    expect(row).toEqual(rest);
    expect(clipped).toBe(false);
    if (row.answers > 0) expect(answerTokens).toBeGreaterThan(0);
  }
});

it("facets count each value among what the filter leaves", () => {
  fc.assert(
    fc.property(filters, (filter) => {
      const chosen = naiveResult(naive, filter, { by: "order", descending: false });
      const facets = facetsOf(questions.memory, questions.selection(filter), facetKeys);
      for (const key of facetKeys) {
        const of = (q: NaiveQuestion) => (key === "trained" ? Number(q["trainedExamples"]) > 0 : q[key]);
        const expected = new Map<unknown, number>();
        for (const q of chosen) expected.set(of(q), (expected.get(of(q)) ?? 0) + 1);
        expect(new Map(facets[key]?.map(({ value, count }) => [value, count]))).toEqual(expected);
      }
    }),
    { numRuns: 100 },
  );
});

it("refuses cursors that are none, and finds the place behind a question that no longer fits", () => {
  const query = (more: object) => questionQuery.parse({ limit: 5, sort: { by: "reward", descending: true }, ...more });
  for (const after of ["", "x", "1", "0.0", "999999.3", "1.2.3"]) {
    expect(() => questions.page(query({ after }))).toThrow(/is not the cursor of a page of this run/);
  }
  const all = naiveResult(naive, {}, { by: "reward", descending: true });
  const page = questions.page(query({}));
  const kept = all
    .slice(5)
    .filter((q) => q["kept"] === true)
    .map(({ id }) => id);
  const filtered = questions.page(query({ after: page.next, filter: { kept: true } }));
  expect(filtered.rows.map(({ id }) => id)).toEqual(kept.slice(0, 5));
});
