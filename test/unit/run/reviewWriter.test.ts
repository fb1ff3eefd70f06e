import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { QUESTION_CHARS, ROW_DECISION_CHARS } from "../../../remote-agent/src/protocol/review.ts";
import { readJournal } from "../../../remote-agent/src/run/journal/read.ts";
import { reviewResting } from "../../../remote-agent/src/run/reviewResting.ts";
import { state, writeRun } from "../cli/support.ts";

const taskOf = (i: number) => i.toString(16).padStart(24, "0");

it("the answer to a command is a message that the link takes, however long what is decided is; the journal has the whole", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "rzero-review-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const run = await writeRun(home, "20261122-1-demo-aaaa", [state("completed")]);
  const question = "q".repeat(QUESTION_CHARS);
  const tasks = Array.from({ length: 100 }, (_, i) => taskOf(i));
  for (let at = 0; at < tasks.length; at += 10) {
    const edits = tasks.slice(at, at + 10).map((task) => ({ task, question }));
    const { decisions } = await reviewResting(run, (writer) =>
      writer.decide({ command: `edit-${at}`, by: "ada" }, edits),
    );
    expect(decisions.every((decision) => decision.question === question)).toBe(true);
  }
  const rejections = tasks.map((task) => ({ task, verdict: "reject" as const }));
  const { decisions } = await reviewResting(run, (writer) =>
    writer.decide({ command: "reject", by: "ada" }, rejections),
  );
  expect(Buffer.byteLength(JSON.stringify(decisions))).toBeLessThan(4 * 2 ** 20);
  expect(decisions.map(({ task, verdict }) => [task, verdict])).toEqual(tasks.map((task) => [task, "reject"]));
  for (const decision of decisions) expect(decision.question).toHaveLength(ROW_DECISION_CHARS);
  let last: unknown;
  for await (const { record } of readJournal(run)) if (record.type === "decision") last = record["question"];
  expect(last).toBe(question);
});
