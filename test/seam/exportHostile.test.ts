// A run of which every text was written to do harm, exported: the libraries read what was written, and nothing else.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { exportRun } from "../../remote-agent/src/run/export/exportRun.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";
import { loadedTables } from "../support/exportOracle.ts";
import { hostileCorpus } from "../support/hostileCorpus.ts";
import { type RunHome, runHome, writeHostileCurriculum, writeHostileRun } from "../support/inspectedRun.ts";

let home: RunHome;

beforeAll(async () => {
  home = await runHome();
  await writeHostileRun(home.directory, hostileCorpus);
  await writeHostileCurriculum(home.directory, hostileCorpus);
});
afterAll(() => home?.remove());

test("JSON lines and Parquet hold every text as it was written; halves of characters become U+FFFD", async () => {
  const to = (name: string) => path.join(home.home, "exports", name);
  for (const format of ["jsonl", "parquet"] as const) {
    await exportRun({
      runDir: home.directory,
      run: await readRun(home.directory),
      to: to(format),
      format,
      what: new Set(["questions", "answers"] as const),
      checkpoint: null,
      merge: null,
      signal: new AbortController().signal,
    });
  }
  const loaded = await loadedTables([to("jsonl"), to("parquet")], path.join(home.home, "cache"));
  const written = hostileCorpus.map(({ text }) => text.toWellFormed()).sort();
  for (const tables of loaded) {
    const questions = tables["questions"]?.content ?? [];
    const own = questions.map((row) => String(row["question"])).sort();
    const twice = [...written, ...written].sort(); // of the Challenger's step, and of the curriculum
    expect(own.length).toBe(twice.length);
    expect(own.filter((text, i) => text !== twice[i]).map((text) => text.slice(0, 60))).toEqual([]);
    const answers = (tables["answers"]?.content ?? []).map((row) => String(row["text"]));
    const missing = written.filter((text) => !answers.includes(`${text} \\boxed{1}`));
    expect(missing.map((text) => text.slice(0, 60))).toEqual([]);
  }
  // One line a row, whatever line breaks the texts have: also for readers that split at U+2028 or U+0085.
  const lines = (await readFile(path.join(to("jsonl"), "data/questions.jsonl"), "utf8")).trimEnd();
  expect(lines.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).length).toBe(2 * hostileCorpus.length);
  const card = await readFile(path.join(to("jsonl"), "README.md"), "utf8");
  expect(Object.keys(parse(card.split("---")[1] ?? "") as object)).toEqual(["pretty_name", "tags", "configs"]);
}, 300_000);
