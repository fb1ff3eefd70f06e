// Questions that were asked again, in the index of questions.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { questionQuery } from "../../../../remote-agent/src/protocol/questionQuery.ts";
import type { AsideContent } from "../../../../remote-agent/src/protocol/reask.ts";
import { asidePage } from "../../../../remote-agent/src/run/index/asides.ts";
import { questionGroup } from "../../../../remote-agent/src/run/index/questionGroup.ts";
import { Questions } from "../../../../remote-agent/src/run/index/questions.ts";
import { RecordReader } from "../../../../remote-agent/src/run/index/reader.ts";
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

/** 07 is 7 here. */
const equal = (a: string, b: string) => a.replace(/^0+/, "") === b.replace(/^0+/, "");
const rows = () => questions.page(questionQuery.parse({ filter: { kept: true }, limit: 500 })).rows;

function page(id: string, query: { before?: number; only?: string; limit?: number } = {}) {
  const groups = (of: string) => questionGroup({ reader, questions, runDir: directory, equal }, of).groups;
  const { before, only, limit = 20 } = query;
  return asidePage({ reader, equal, groups }, { id, before, only, limit });
}

async function ask(task: string | null, command: string, more: Partial<AsideContent> = {}): Promise<void> {
  const content: AsideContent = {
    question: "a question",
    task,
    checkpoint: "base",
    model: null,
    sampling: { temperature: 1, topP: 1, topK: 0, maxTokens: 40 },
    answers: [{ index: 0, answer: "7", text: "so it is 7", stop: "stop", tokens: 5 }],
    label: "7",
    votes: 1,
    denominator: 1,
    classes: [{ answer: "7", count: 1 }],
    truth: null,
    correct: null,
    ...more,
  };
  await writer.journal.append([{ type: "aside", ...content, command, by: "ada" }], { durable: true });
  follow(db, directory);
  questions.refresh();
}

it("a question tells how it was asked again, the newest first, by the id of any of its records", async () => {
  const [first, second] = rows();
  const task = first?.task as string;
  await ask(task, "1");
  await ask(second?.task as string, "2");
  await ask(task, "3", { checkpoint: null, model: "gpt-test" });
  await ask(null, "4");
  const all = page(task);
  expect(all.asides.map(({ command, by, model }) => [command, by, model])).toEqual([
    ["3", "ada", "gpt-test"],
    ["1", "ada", null],
  ]);
  expect(all.asides[0]?.at).toBe(1_764_000_000_000);
  expect(page(first?.proposal as string)).toEqual(all);
  const [newest] = page(task, { limit: 1 }).asides;
  expect(page(task, { limit: 1 }).more).toBe(true);
  expect(page(task, { limit: 1, before: newest?.seq ?? 0 })).toMatchObject({ asides: [{ command: "1" }], more: false });
  expect(page(rows()[2]?.id as string)).toEqual({ asides: [], more: false });
});

it("its answers are compared with the run's own, by the domain's equality", async () => {
  const [row] = rows();
  const label = row?.label as string;
  const classes = [
    { answer: `0${label}`, count: 2 },
    { answer: "nobody said this", count: 1 },
  ];
  await ask(row?.task as string, "1", { label: `0${label}`, classes });
  expect(page(row?.id as string).asides[0]?.classes).toEqual([
    { answer: `0${label}`, count: 2, known: [label] },
    { answer: "nobody said this", count: 1, known: [] },
  ]);
});

it("long texts are cut and say so; one that is asked for by its command has more of them", async () => {
  const [row] = rows();
  const answers = [{ index: 0, answer: null, text: "x".repeat(5000), stop: "length" as const, tokens: 40 }];
  await ask(row?.task as string, "long", { answers, label: "", classes: [] });
  await ask(row?.task as string, "other");
  const id = row?.id as string;
  expect(page(id).asides.at(-1)?.answers[0]).toMatchObject({ clipped: true, text: "x".repeat(4000) });
  const { asides } = page(id, { only: "long" });
  expect(asides.map(({ answers }) => answers[0])).toMatchObject([{ clipped: false, text: "x".repeat(5000) }]);
});

it("an index that is built at once says the same as one that followed", async () => {
  await ask(rows()[0]?.task as string, "1");
  await ask(rows()[1]?.task as string, "2");
  const again = built(directory);
  try {
    expect(contents(again)).toEqual(contents(db));
    expect(again.prepare("SELECT count(*) AS n FROM asides").get()).toEqual({ n: 2 });
  } finally {
    again.close();
  }
});

it("a record of no single question is refused", () => {
  const checkpoint = db.prepare("SELECT id FROM records WHERE type = 'checkpoint' LIMIT 1").get()?.["id"];
  expect(() => page(Buffer.from(checkpoint as Uint8Array).toString("hex"))).toThrow(/no single question/);
});
