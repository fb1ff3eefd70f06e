import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { questionQuery } from "../../../../remote-agent/src/protocol/questionQuery.ts";
import { readFigures } from "../../../../remote-agent/src/run/index/figuresFile.ts";
import { FiguresKeeper, figuresFileOf } from "../../../../remote-agent/src/run/index/keepFigures.ts";
import { QuestionMemory } from "../../../../remote-agent/src/run/index/memory.ts";
import { Questions } from "../../../../remote-agent/src/run/index/questions.ts";
import { RunIndex } from "../../../../remote-agent/src/run/index/runIndex.ts";
import { madeOf, versionOf } from "../../../../remote-agent/src/run/index/store.ts";
import { questionCount, smallRun, writeQuestionRun } from "../../../support/questionRun.ts";
import { built, follow, indexFile, temporaryDirectory } from "./support.ts";

/** The index of a run as far as `upTo`, and where its figures are kept. */
async function indexed(upTo?: number): Promise<{ runDir: string; db: DatabaseSync; file: string }> {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, smallRun);
  const db = built(runDir, upTo === undefined ? {} : { upTo });
  onTestFinished(() => db.close());
  return { runDir, db, file: figuresFileOf(indexFile(runDir)) };
}

function kept(db: DatabaseSync, file: string) {
  return readFigures(file, madeOf(db), versionOf(db));
}

/** All figures by their values: codes of names may differ. */
function valuesOf(memory: QuestionMemory, db: DatabaseSync): unknown[] {
  memory.refresh(db);
  const { columns } = memory.figures();
  return Array.from({ length: memory.length }, (_, i) =>
    Object.keys(columns).map((name) => memory.get(name as keyof typeof columns, i)),
  );
}

it("what is kept is what the index says", async () => {
  const { runDir, db, file } = await indexed();
  new FiguresKeeper(indexFile(runDir), 0).keep(db);
  const figures = kept(db, file);
  expect(figures).toMatchObject({ length: questionCount(smallRun), version: versionOf(db) });
  expect(valuesOf(new QuestionMemory(figures), db)).toEqual(valuesOf(new QuestionMemory(), db));
});

it("what was written since is taken in, new questions and changed ones", async () => {
  const { runDir, db, file } = await indexed(60);
  new FiguresKeeper(indexFile(runDir), 0).keep(db);
  const before = kept(db, file);
  expect(before?.length).toBeGreaterThan(0);
  expect(before?.length).toBeLessThan(questionCount(smallRun));
  follow(db, runDir);
  expect(valuesOf(new QuestionMemory(kept(db, file)), db)).toEqual(valuesOf(new QuestionMemory(), db));
});

it("pages from kept figures are those without", async () => {
  const { runDir, db, file } = await indexed();
  new FiguresKeeper(indexFile(runDir), 0).keep(db);
  const query = questionQuery.parse({ sort: { by: "share", descending: true }, filter: { kept: true }, limit: 500 });
  const pages = [new Questions(db, file), new Questions(db)].map((questions) => {
    questions.refresh();
    return questions.page(query);
  });
  expect(pages[0]).toEqual(pages[1]);
  expect(pages[0]?.total).toBeGreaterThan(0);
});

it("is kept again only when enough was written since", async () => {
  const { runDir, db, file } = await indexed(60);
  new FiguresKeeper(indexFile(runDir), 0).keep(db);
  const keeper = new FiguresKeeper(indexFile(runDir), 20);
  const first = await stat(file);
  keeper.keep(db);
  expect((await stat(file)).ino).toBe(first.ino);
  follow(db, runDir);
  keeper.keep(db);
  expect(kept(db, file)?.length).toBe(questionCount(smallRun));
});

it("of another index, of a later moment, damaged or cut is not taken", async () => {
  const { runDir, db, file } = await indexed();
  new FiguresKeeper(indexFile(runDir), 0).keep(db);
  expect(readFigures(file, "another", versionOf(db))).toBeNull();
  expect(readFigures(file, madeOf(db), versionOf(db) - 1)).toBeNull();
  const bytes = await readFile(file);
  for (const at of [0, bytes.indexOf(0x0a) + 3, bytes.length - 9]) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 0x40;
    await writeFile(file, damaged);
    expect(kept(db, file), `${at}`).toBeNull();
  }
  await writeFile(file, bytes.subarray(0, bytes.length - 8));
  expect(kept(db, file)).toBeNull();
  // What is damaged is gone, and so is written again.
  new FiguresKeeper(indexFile(runDir), 0).keep(db);
  expect(kept(db, file)).not.toBeNull();
  await writeFile(file, bytes);
  expect(kept(db, file)).not.toBeNull();
});

it("an index that is made again has figures of its own", async () => {
  const { runDir, db, file } = await indexed();
  new FiguresKeeper(indexFile(runDir), 0).keep(db);
  const again = built(runDir, { cache: await temporaryDirectory() });
  onTestFinished(() => again.close());
  expect(kept(again, file)).toBeNull();
});

it("where it cannot be written nothing is said, and nothing is left", async () => {
  const { runDir, db, file } = await indexed();
  await writeFile(path.join(runDir, "a-file"), "");
  const elsewhere = path.join(runDir, "a-file", "x.sqlite");
  new FiguresKeeper(elsewhere, 0).keep(db);
  expect(kept(db, figuresFileOf(elsewhere))).toBeNull();
  expect(kept(db, file)).toBeNull();
});

it("is kept by the index itself once a thousand questions are in it", async () => {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, { ...smallRun, curriculum: 600, answers: 1 });
  const ask = async () => {
    const index = new RunIndex({ runDir, domain: "sort", env: { XDG_CACHE_HOME: runDir } });
    onTestFinished(() => index.close());
    const page = await index.questions(questionQuery.parse({ limit: 500 }), { waitMs: 60_000 });
    return { index, page };
  };
  const { index, page } = await ask();
  const file = figuresFileOf(indexFile(runDir));
  await expect.poll(() => readdir(path.dirname(file)), { timeout: 30_000 }).toContain(path.basename(file));
  await index.close();
  expect((await ask()).page).toEqual(page);
}, 60_000);
