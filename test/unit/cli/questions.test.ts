import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type QuestionRow, questionPage } from "../../../remote-agent/src/protocol/questionRows.ts";
import { smallRun, writeQuestionRun } from "../../support/questionRun.ts";
import { RunWriter, task } from "../../support/writtenRun.ts";
import { rzero, writeRun } from "./support.ts";

const RUN = "20261122-1-demo-aaaa";
let home: string;
let rows: QuestionRow[];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "rzero-questions-"));
  const directory = await writeRun(home, RUN, []);
  const writer = await RunWriter.open(directory, 2);
  await writeQuestionRun(directory, { ...smallRun, iterations: 1 }, { writer });
  await writer.call("iteration:1/audit/source:held-out", "source", [
    task("steer \u001b[31m the\nterminal \u202e zzhostile"),
  ]);
  await writer.close();
  ({ rows } = await json("--limit", "500"));
}, 60_000);

afterAll(() => rm(home, { recursive: true, force: true }));

async function json(...args: string[]) {
  const { code, out, err } = await rzero(home, ["questions", RUN, "--json", ...args]);
  expect([code, err]).toEqual([0, ""]);
  return questionPage.parse(JSON.parse(out));
}

it("filters, searches, sorts and goes on where it stopped", async () => {
  const kept = await json("--filter", "kept=true", "--filter", "share=0.3..0.8", "--sort=-reward", "--limit", "3");
  const expected = rows.filter(
    (row) => row.kept === true && row.share !== null && row.share >= 0.3 && row.share <= 0.8,
  );
  expect(kept.total).toBe(expected.length);
  const next = await json(
    "--filter",
    "kept=true",
    "--filter",
    "share=0.3..0.8",
    "--sort=-reward",
    "--after",
    kept.next ?? "",
  );
  expect(next.at).toBe(3);
  const invalid = await json("--filter", "valid=false", "--filter", "reason=no_box,no_question");
  expect(invalid.rows.every((row) => !row.valid && row.reason !== "two_questions")).toBe(true);
  expect((await json("--search", "zzhostile")).rows).toEqual(rows.filter(({ stage }) => stage === "audit"));
});

it("shows a table in which nothing steers the terminal", async () => {
  const { code, out } = await rzero(home, ["questions", RUN, "--filter", "stage=audit"]);
  expect(code).toBe(0);
  expect(out).toContain("steer \ufffd[31m the terminal \ufffd zzhostile");
  expect(out).toMatch(/Rows 0 to 0 of 1\.\n$/);
  const some = await rzero(home, ["questions", RUN, "--limit", "2"]);
  expect(some.out).toContain(`Rows 0 to 1 of ${rows.length}. More: --at 2`);
  expect((await rzero(home, ["questions", RUN, "--search", "absentword"])).out).toBe("No question fits.\n");
});

it("counts values", async () => {
  const { out } = await rzero(home, ["questions", RUN, "--facets", "stage,valid"]);
  expect(out).toMatch(/stage +challenger +32/);
  expect(out).toMatch(new RegExp(`valid +true +${rows.filter(({ valid }) => valid).length}`));
});

it("shows one question and the lineage of a record", async () => {
  const question = rows.find(({ kept }) => kept) as QuestionRow;
  const { out } = await rzero(home, ["question", RUN, question.task ?? ""]);
  expect(out).toContain(`${question.votes} × ${question.label}  ← label`);
  expect(out).toContain(`proposal ${question.proposal}, task ${question.task}`);
  const lineage = await rzero(home, ["lineage", RUN, question.task ?? "", "--direction", "causes"]);
  expect(lineage.out).toMatch(new RegExp(`● task +${question.task}`));
  expect(lineage.out).toMatch(new RegExp(`↑ trajectory +${question.proposal}`));
});

it.each([
  [["--filter", "nothing=1"], 2, "--filter nothing=1: write it as property=value. Properties: iteration,"],
  [["--filter", "kept=yes"], 2, "--filter kept=yes: it is true or false."],
  [["--filter", "share=a..b"], 2, "'a' is no number"],
  [["--sort", "best"], 2, "--sort best: there is no such column. Columns"],
  [["--limit", "501"], 2, "--limit is from 1 to 500"],
  [["--facets", "colour"], 2, "--facets colour: there is no such property"],
  [["--search", "+"], 1, "There is no word in '+' to search for"],
  [["--after", "x"], 1, "'x' is not the cursor of a page of this run"],
])("says what is wrong: rzero questions %s", async (args, expected, sentence) => {
  const { code, out, err } = await rzero(home, ["questions", RUN, ...args]);
  expect([code, out]).toEqual([expected, ""]);
  expect(err).toContain(sentence);
});

it("a reviewer decides on questions of a run at rest, takes it back, and sees how review stands", async () => {
  const kept = rows.filter(({ kept }) => kept === true);
  const [first, second] = [kept[0]?.id as string, kept[1]?.task as string];
  const review = async (...args: string[]) => {
    const { code, out, err } = await rzero(home, ["review", RUN, ...args, "--json"]);
    expect([code, err]).toEqual([0, ""]);
    return JSON.parse(out);
  };
  await review(first, second, "--reject", "--note", "both \u001b[31m odd");
  expect((await json("--filter", "verdict=reject")).rows.map(({ id }) => id)).toEqual([first, kept[1]?.id]);
  expect(await review(second, "--label", "42")).toMatchObject({
    decisions: [{ task: second, verdict: "approve", label: "42", note: "both \u001b[31m odd", by: "cli" }],
  });
  await review(first, "--undo");
  expect(await review()).toMatchObject({
    gate: false,
    waiting: null,
    approved: 1,
    rejected: 0,
    corrected: 1,
    notes: 1,
  });
  const shown = await rzero(home, ["question", RUN, second]);
  expect(shown.out).toMatch(/review: approved, label 42, note: both/);
  expect(shown.out).not.toContain("\u001b[31m odd");
  await review("--gate", "on");
  expect(await review()).toMatchObject({ gate: true });
}, 120_000);

it.each([
  [["--approve"], 2, /Name the questions/],
  [["0123"], 2, /Say what is decided/],
  [["0123", "--approve", "--reject"], 2, /not both/],
  [["0123", "--approve", "--gate", "on"], 2, /One thing at a time/],
  [["0".repeat(24), "--approve"], 1, /no record of a question/],
  [["--release", "keep"], 1, /waits at no review gate/],
])("review %j is refused in a sentence", async (args, expected, message) => {
  const { code, err } = await rzero(home, ["review", RUN, ...args]);
  expect(code).toBe(expected);
  expect(err).toMatch(message);
});
