// Decisions of reviewers in the index of questions.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { questionQuery } from "../../../../remote-agent/src/protocol/questionQuery.ts";
import {
  type DecisionContent,
  type DecisionView,
  LABEL_CHARS,
  NOTE_CHARS,
  QUESTION_CHARS,
  ROW_DECISION_CHARS,
} from "../../../../remote-agent/src/protocol/review.ts";
import { decisionPage } from "../../../../remote-agent/src/run/index/decisions.ts";
import { facetsOf } from "../../../../remote-agent/src/run/index/facets.ts";
import { lineageOf } from "../../../../remote-agent/src/run/index/lineage.ts";
import { Questions } from "../../../../remote-agent/src/run/index/questions.ts";
import { RecordReader } from "../../../../remote-agent/src/run/index/reader.ts";
import { recordIdOf } from "../../../../remote-agent/src/verbs/identity.ts";
import { smallRun, writeQuestionRun } from "../../../support/questionRun.ts";
import { RunWriter } from "../../../support/writtenRun.ts";
import { built, contents, follow } from "./support.ts";

let directory: string;
let writer: RunWriter;
let db: DatabaseSync;
let questions: Questions;
let reader: RecordReader;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "rzero-index-"));
  writer = await RunWriter.open(directory);
  await writeQuestionRun(directory, { ...smallRun, iterations: 1 }, { seed: 3, writer });
  db = built(directory);
  questions = new Questions(db);
  reader = new RecordReader(db, directory);
  questions.refresh();
});

afterEach(async () => {
  await writer.close();
  reader.close();
  db.close();
  await rm(directory, { recursive: true, force: true });
});

const nothing: DecisionContent = { verdict: null, label: null, question: null, note: null };
const page = (filter: object) => questions.page(questionQuery.parse({ filter, limit: 500 }));

async function decide(task: string, content: Partial<DecisionContent>, command: string): Promise<void> {
  const id = recordIdOf(`decide:${command}`, 0);
  const record = { type: "decision" as const, id, command, task, ...nothing, ...content, undoes: null, by: "ada" };
  await writer.journal.append([record], { durable: true });
  follow(db, directory);
  questions.refresh();
}

const tasksAsked = () => page({ valid: true }).rows.map(({ task }) => task as string);

it("a row tells the decision that stands; filters and facets find it, and taking it back makes it undecided", async () => {
  const [first, second, third] = tasksAsked() as [string, string, string];
  const all = questions.page(questionQuery.parse({})).total;
  await decide(first, { verdict: "reject", note: "<b>odd</b>" }, "1");
  await decide(second, { verdict: "approve", label: "7" }, "2");
  await decide(third, { note: "only a remark" }, "3");
  const found = (filter: object) => page(filter).rows.map(({ task }) => task);
  expect(found({ verdict: ["reject"] })).toEqual([first]);
  expect(found({ decided: true })).toEqual([first, second]);
  expect(page({ decided: false }).total).toBe(all - 2);
  expect(found({ note: true })).toEqual([first, third]);
  expect(found({ corrected: true })).toEqual([second]);
  expect(found({ edited: true })).toEqual([]);
  expect(page({ verdict: ["reject"] }).rows[0]?.decision).toMatchObject({
    task: first,
    verdict: "reject",
    note: "<b>odd</b>",
    by: "ada",
    at: 1_764_000_000_000,
  });
  const facet = facetsOf(questions.memory, questions.selection({}), ["verdict"]).verdict;
  expect(new Map(facet?.map(({ value, count }) => [value, count]))).toEqual(
    new Map<unknown, number>([
      [null, all - 2],
      ["reject", 1],
      ["approve", 1],
    ]),
  );
  await decide(first, {}, "4");
  expect(page({ verdict: ["reject"] }).total).toBe(0);
  expect(page({ note: true }).rows.map(({ task }) => task)).toEqual([third]);
});

it("the history of a question, or of all, comes in pages and in the order it was made", async () => {
  const [first, second] = tasksAsked() as [string, string];
  await decide(first, { verdict: "approve" }, "1");
  await decide(second, { verdict: "reject" }, "2");
  await decide(first, { note: "x".repeat(5000) }, "3");
  const all = decisionPage(reader, { id: undefined, after: 0, limit: 2 });
  expect(all.decisions.map(({ task }) => task)).toEqual([first, second]);
  expect(all.more).toBe(true);
  const rest = decisionPage(reader, { id: undefined, after: all.decisions[1]?.seq ?? 0, limit: 2 });
  expect(rest).toMatchObject({ decisions: [{ note: "x".repeat(5000) }], more: false });
  const proposal = page({}).rows.find(({ task }) => task === first)?.proposal as string;
  expect(decisionPage(reader, { id: proposal, after: 0, limit: 9 }).decisions.map(({ verdict }) => verdict)).toEqual([
    "approve",
    null,
  ]);
  expect(page({ note: true }).rows[0]?.decision?.note).toHaveLength(ROW_DECISION_CHARS); // cut in rows
});

it("a page of decisions of any length is a message that the link takes, and pages have each decision once", async () => {
  const [task = ""] = tasksAsked();
  const longest = {
    label: "\u0001".repeat(LABEL_CHARS),
    question: "\u0001".repeat(QUESTION_CHARS),
    note: "\u2028".repeat(NOTE_CHARS),
  };
  for (let i = 0; i < 12; i++) await decide(task, i % 4 === 3 ? { verdict: "approve" } : longest, String(i));
  await decide(task, { note: "x".repeat(9 * 2 ** 20) }, "longer than any that is taken in");
  const seen: DecisionView[] = [];
  for (let more = true, after = 0; more; after = seen.at(-1)?.seq ?? 0) {
    const found = decisionPage(reader, { id: undefined, after, limit: 500 });
    expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(4 * 2 ** 20);
    expect(found.decisions.length).toBeGreaterThan(0);
    seen.push(...found.decisions);
    more = found.more;
  }
  expect(seen.map(({ verdict }) => verdict)).toEqual(
    Array.from({ length: 13 }, (_, i) => (i % 4 === 3 ? "approve" : null)),
  );
  expect(seen[0]).toMatchObject(longest);
  expect(seen.at(-1)?.note).toHaveLength(NOTE_CHARS);
});

it.each([24, 25, 26])("of %i decisions none is left out, whatever the pages' length", async (count) => {
  const [task = ""] = tasksAsked();
  for (let i = 0; i < count; i++) await decide(task, { note: String(i) }, String(i));
  for (const limit of [1, count - 1, count, 500]) {
    const notes: (string | null)[] = [];
    for (let more = true, after = 0; more; ) {
      const found = decisionPage(reader, { id: undefined, after, limit });
      notes.push(...found.decisions.map(({ note }) => note));
      after = found.decisions.at(-1)?.seq ?? 0;
      more = found.more;
      expect(more).toBe(notes.length < count);
    }
    expect(notes).toEqual(Array.from({ length: count }, (_, i) => String(i)));
  }
});

it("any record of a question leads to its task; one of nothing, and a malformed proposal, lead nowhere", () => {
  const { rows } = page({});
  const valid = rows.find(({ valid }) => valid);
  const malformed = rows.find(({ valid }) => !valid);
  expect(reader.taskOf(valid?.proposal ?? "")).toBe(valid?.task);
  expect(reader.taskOf(valid?.task ?? "")).toBe(valid?.task);
  expect(reader.taskOf(malformed?.id ?? "")).toBeNull();
  for (const id of ["0".repeat(24), "x", ""]) expect(reader.taskOf(id)).toBeNull();
});

it("before its gate a decision is in the lineage as one that is not in force; of what the band dropped, as one that changes nothing", async () => {
  const kept = page({ kept: true }).rows[0]?.task as string;
  const dropped = page({ kept: false }).rows[0]?.task as string;
  await decide(kept, { verdict: "approve", label: "7" }, "1");
  await decide(dropped, { verdict: "reject" }, "2");
  const decisionOn = (id: string) =>
    lineageOf(reader, { id, direction: "effects", depth: 1, limit: 100 }).nodes.find(({ type }) => type === "decision");
  expect(decisionOn(kept)?.title).toBe("by ada, 2025-11-24 16:00 UTC, not in force yet: approved, label 7");
  expect(decisionOn(dropped)?.title).toMatch(/not in the curriculum, so nothing changed: rejected$/);
  expect(decisionOn(kept)).toMatchObject({ id: recordIdOf("decide:1", 0), call: "review", depth: 1 });
});

it("built at once or followed record by record, the index is the same; a decision on nothing known is passed over", async () => {
  const [first] = tasksAsked() as [string];
  await decide(first, { verdict: "approve", question: "sort 1" }, "1");
  await decide("f".repeat(24), { verdict: "reject" }, "2");
  await decide(first, { verdict: "reject" }, "3");
  const cache = await mkdtemp(path.join(tmpdir(), "rzero-index-"));
  const again = built(directory, { cache });
  try {
    expect(contents(again)).toEqual(contents(db));
    const counted = "SELECT count(*) AS n FROM decisions JOIN records USING (seq) WHERE type = 'decision'";
    expect(again.prepare(counted).get()).toEqual({ n: 2 });
  } finally {
    again.close();
    await rm(cache, { recursive: true, force: true });
  }
});
