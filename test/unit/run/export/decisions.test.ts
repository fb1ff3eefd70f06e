import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { chooseCheckpoints } from "../../../../remote-agent/src/run/export/choose.ts";
import { collectRows } from "../../../../remote-agent/src/run/export/collect.ts";
import type { Row } from "../../../../remote-agent/src/run/export/tables.ts";
import { recordIdOf } from "../../../../remote-agent/src/verbs/identity.ts";
import { smallRun, writeQuestionRun } from "../../../support/questionRun.ts";
import { RunWriter } from "../../../support/writtenRun.ts";

async function exported(runDir: string): Promise<Row[]> {
  const { removed, decisions } = await chooseCheckpoints({ runDir, wanted: "last" });
  const rows: Row[] = [];
  await collectRows({
    runDir,
    wanted: new Set(["questions"]),
    text: async () => null,
    add: async (_table, row) => void rows.push(row),
    removed,
    decisions,
    folders: new Map(),
    signal: new AbortController().signal,
  });
  return rows;
}

test("a question's row has what stands of its review, and nothing where nobody decided", async () => {
  const runDir = await mkdtemp(path.join(tmpdir(), "rzero-export-"));
  onTestFinished(() => rm(runDir, { recursive: true, force: true }));
  const run = await RunWriter.open(runDir);
  const stage = { phase: "begin" as const, iteration: 1, units: 1, seconds: null, engineSeconds: null };
  for (const name of ["challenger", "curriculum"])
    await run.append([{ type: "stage", key: `iteration:1/${name}`, stage: name, ...stage }]);
  await writeQuestionRun(runDir, { ...smallRun, iterations: 1 }, { writer: run });
  await run.close();
  const before = await exported(runDir);
  const task = String(before.find((row) => row["kept"] === true)?.["task"]);
  const writer = await RunWriter.open(runDir, 2);
  const decide = (i: number, content: object) =>
    writer.journal.append(
      [{ type: "decision", id: recordIdOf("d", i), command: "c", task, undoes: null, by: "ada", ...content }],
      { durable: true },
    );
  await decide(0, { verdict: "reject", label: null, question: null, note: null });
  await decide(1, { verdict: "approve", label: "7", question: null, note: "looked up" });
  await writer.close();
  const rows = await exported(runDir);
  const reviewed = rows.filter((row) => row["verdict"] !== undefined);
  expect(reviewed).toMatchObject([{ task, verdict: "approve", corrected_label: "7", note: "looked up" }]);
  expect(rows.length).toBe(before.length);
});
