import { appendFile, readdir, rm, stat, truncate, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { type QuestionFilter, questionQuery } from "../../../../remote-agent/src/protocol/questionQuery.ts";
import {
  lineage,
  questionPage,
  questionView,
  recordPayload,
} from "../../../../remote-agent/src/protocol/questionRows.ts";
import type { TaskRecord, TrajectoryRecord } from "../../../../remote-agent/src/protocol/records.ts";
import { RunIndex } from "../../../../remote-agent/src/run/index/runIndex.ts";
import { questionCount, smallRun, writeQuestionRun } from "../../../support/questionRun.ts";
import { RunWriter, task } from "../../../support/writtenRun.ts";
import { indexFile, temporaryDirectory } from "./support.ts";

const fresh = { waitMs: 60_000 };
const every = (filter: QuestionFilter = {}) => questionQuery.parse({ filter, limit: 500 });

function indexOf(runDir: string, env: NodeJS.ProcessEnv = { XDG_CACHE_HOME: runDir }): RunIndex {
  const index = new RunIndex({ runDir, domain: "sort", env });
  onTestFinished(() => index.close());
  return index;
}

it("follows a live run: every page is of what was durable, and nothing is missed at the end", async () => {
  const runDir = await temporaryDirectory();
  const index = indexOf(runDir);
  expect(await index.questions(every(), fresh)).toMatchObject({ rows: [], total: 0 });
  const writer = await RunWriter.open(runDir);
  let calls = 0;
  let seen = 0;
  await writeQuestionRun(runDir, smallRun, {
    writer,
    onCall: async () => {
      if (++calls % 5 > 0) return;
      const upTo = writer.journal.durableSeq;
      const page = await index.questions(every(), { ...fresh, upTo });
      expect(page.index.seq).toBe(upTo);
      expect(page.total).toBeGreaterThanOrEqual(seen);
      seen = page.total;
    },
  });
  await writer.close();
  const last = await index.questions(every(), fresh);
  expect(last.total).toBe(questionCount(smallRun));
  expect(last.index).toMatchObject({ current: true, behind: 0, missingTexts: 0, problem: null });
});

it("two processes' worth of indexes that build one file at once both have all of it", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, smallRun);
  const answers = await Promise.all(Array.from({ length: 3 }, () => indexOf(runDir).questions(every(), fresh)));
  for (const { total } of answers) expect(total).toBe(questionCount(smallRun));
  expect(answers[1]?.rows).toEqual(answers[0]?.rows);
});

it("an index that is removed or replaced under it, or spoilt inside, is built again without a word", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, smallRun);
  const index = indexOf(runDir);
  const { rows } = await index.questions(every(), fresh);
  await index.close();
  const file = indexFile(runDir);
  await truncate(file, 16 * 4096);
  const second = indexOf(runDir);
  expect((await second.questions(every(), fresh)).rows).toEqual(rows);
  await second.close();
  // What lies in the write-ahead log would make good what is spoilt in the file.
  const database = new DatabaseSync(file);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const { size } = await stat(file);
  await writeFile(file, Buffer.alloc(size - 8 * 4096, 0xa5), { flag: "r+" });
  expect((await indexOf(runDir).questions(every(), fresh)).rows).toEqual(rows);
});

it("says in one sentence where the index cannot be kept, and what to do", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, { ...smallRun, iterations: 1 });
  const blocked = path.join(runDir, "a-file");
  await writeFile(blocked, "");
  await expect(indexOf(runDir, { XDG_CACHE_HOME: blocked }).questions(every(), fresh)).rejects.toThrow(
    /The index of a run cannot be kept in .*a-file\/rzero\/index \(ENOTDIR\)\. .*set XDG_CACHE_HOME to one on a local disk/,
  );
});

it("leaves nothing in the run's directory", async () => {
  const runDir = await temporaryDirectory();
  const cache = await temporaryDirectory();
  await writeQuestionRun(runDir, { ...smallRun, iterations: 1 });
  const before = await readdir(runDir, { recursive: true });
  await indexOf(runDir, { XDG_CACHE_HOME: cache }).questions(every(), fresh);
  expect(await readdir(runDir, { recursive: true })).toEqual(before);
});

it("a record that is asked for by its id before it is read is waited for; one that does not exist is refused", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, smallRun);
  const known = (await indexOf(runDir).questions(every(), fresh)).rows.at(-1)?.id ?? "";
  const elsewhere = () => indexOf(runDir, { XDG_CACHE_HOME: path.join(runDir, `cache-${Math.random()}`) });
  const atOnce = { waitMs: 0 };
  expect((await elsewhere().question(known, atOnce)).question.id).toBe(known);
  expect((await elsewhere().record(known, 0, atOnce)).record).toMatchObject({ id: known });
  await expect(elsewhere().question("f".repeat(24), atOnce)).rejects.toMatchObject({ reason: "no_record" });
});

it("can be cancelled, and goes on where it stood", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, smallRun);
  const index = indexOf(runDir);
  await expect(index.questions(every(), { ...fresh, signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
    "enough",
  );
  const refused = expect(index.questions(every(), fresh)).rejects.toThrow("The index was closed.");
  await index.close();
  await refused;
  expect((await indexOf(runDir).questions(every(), fresh)).total).toBe(questionCount(smallRun));
});

it("shows a question with its answers in classes, its neighbours, and its way from proposal to checkpoint", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, smallRun, { seed: 5 });
  const index = indexOf(runDir);
  const { rows } = questionPage.parse(await index.questions(every({ trained: true, kept: true }), fresh));
  const question = rows[0];
  expect(question).toBeDefined();
  const view = questionView.parse(await index.question(question?.task ?? "", fresh));
  expect(view.question).toEqual(question);
  const labelled = view.groups.find(({ call }) => call.includes("/curriculum/"));
  const majority = labelled?.classes.find((own) => own.majority);
  expect(majority).toMatchObject({ answer: question?.label, count: question?.votes });
  expect(labelled?.classes.flatMap(({ answers }) => answers).length).toBe(smallRun.answers);
  const trained = view.groups.find(({ call }) => call.includes("/solver/"));
  for (const answer of trained?.classes.flatMap(({ answers }) => answers) ?? []) {
    expect(answer.reward).toBe(Number(answer.correct));
    expect(await index.question(answer.id, fresh)).toEqual(view);
  }
  for (const neighbour of view.neighbours)
    expect([neighbour.batch, neighbour.cluster]).toEqual([question?.batch, question?.cluster]);

  const effects = lineage.parse(
    await index.lineage({ id: question?.proposal ?? "", direction: "effects", depth: 6, limit: 500 }, fresh),
  );
  const checkpoint = effects.nodes.find(({ type, title }) => type === "checkpoint" && title.startsWith("solver grpo"));
  expect(checkpoint).toBeDefined();
  const causes = lineage.parse(
    await index.lineage({ id: checkpoint?.id ?? "", direction: "causes", depth: 6, limit: 500 }, fresh),
  );
  expect(causes.nodes.map(({ id }) => id)).toContain(question?.proposal);
  const types = ["example", "score", "trajectory", "task"];
  for (const type of types) expect(causes.nodes.some((node) => node.type === type)).toBe(true);
  const few = lineage.parse(
    await index.lineage({ id: checkpoint?.id ?? "", direction: "causes", depth: 6, limit: 10 }, fresh),
  );
  expect([few.nodes.length, few.cut]).toEqual([10, true]);
  await expect(index.question("0".repeat(24), fresh)).rejects.toThrow(/There is no record '0{24}' in this run/);
  await expect(index.question(checkpoint?.id ?? "", fresh)).rejects.toThrow(/belongs to no single question/);
});

it("takes whatever a model wrote: NUL, lone surrogates, ten megabytes on one line; answers stay bounded", async () => {
  const runDir = await temporaryDirectory();
  const writer = await RunWriter.open(runDir);
  const hostile = [
    "a\0b nulword",
    "lone \ud800 surrogateword \udfff",
    `${"long ".repeat(2 * 2 ** 20)}endword`,
    "\u001b[2J\u202eescapeword",
    "😀".repeat(9000),
  ];
  const tasks = await writer.call<TaskRecord>(
    "iteration:1/audit/source:q",
    "source",
    hostile.map((question) => task(question)),
  );
  await writer.rollout<TrajectoryRecord>(
    "iteration:1/audit/rollout:sampled/chunk:0",
    tasks.map(({ id }, i) => ({
      completion: { text: hostile[i] ?? "", tokens: 5 },
      body: {
        parents: [id],
        role: "solver",
        checkpoint: "c".repeat(24),
        rollout: 0,
        product: { valid: true, question: null, answer: hostile[i], reason: null },
      },
    })),
  );
  await writer.close();
  const index = indexOf(runDir);
  const page = questionPage.parse(await index.questions(every(), fresh));
  expect(page.rows.map(({ clipped }) => clipped)).toEqual([false, false, true, false, true]);
  expect(JSON.stringify(page).length).toBeLessThan(50_000);
  for (const [word, i] of [
    ["nulword", 0],
    ["surrogateword", 1],
    ["long", 2],
    ["escapeword", 3],
  ] as const) {
    expect((await index.questions(every({ text: word }), fresh)).rows.map(({ task: id }) => id)).toEqual([
      tasks[i]?.id,
    ]);
  }
  for (const { id } of tasks) {
    const view = questionView.parse(await index.question(id, fresh));
    expect(JSON.stringify(view).length).toBeLessThan(100_000);
  }
  const long = await index.question(tasks[2]?.id ?? "", fresh);
  const answer = long.groups[0]?.classes[0]?.answers[0]?.id ?? "";
  const all = 10 * 2 ** 20 + "endword".length;
  const tail = recordPayload.parse(await index.record(answer, all - 10, fresh));
  expect(tail).toMatchObject({ text: "ng endword", textFrom: all - 10, textLength: all, clipped: true, problem: null });
});

it("completions whose pack is gone or damaged are counted, shown without text, and break nothing", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, smallRun);
  const packs = (await readdir(path.join(runDir, "packs"))).sort();
  await unlink(path.join(runDir, "packs", packs[0] ?? ""));
  await appendFile(path.join(runDir, "packs", packs[1] ?? ""), "more");
  await truncate(path.join(runDir, "packs", packs[2] ?? ""), 100);
  const index = indexOf(runDir);
  const page = await index.questions(every(), fresh);
  expect(page.total).toBe(questionCount(smallRun));
  expect(page.index.missingTexts).toBeGreaterThan(0);
  let problems = 0;
  for (const row of page.rows) {
    const view = await index.question(row.id, fresh);
    for (const answer of view.groups.flatMap(({ classes }) => classes.flatMap(({ answers }) => answers)))
      problems += Number(answer.problem !== null);
  }
  const proposals = await Promise.all(page.rows.map(({ proposal }) => index.record(proposal ?? "", 0, fresh)));
  problems += proposals.filter(({ problem }) => problem !== null).length;
  expect(problems).toBe(page.index.missingTexts);
  await rm(path.join(runDir, "packs"), { recursive: true });
});
