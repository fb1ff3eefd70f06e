import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { smallRun, writeQuestionRun } from "../support/questionRun.ts";
import { RunWriter } from "../support/writtenRun.ts";
import { writeRun } from "../unit/cli/support.ts";
import { type Desk, newDesk } from "./support/desk.ts";
import { pictureOnFailure } from "./support/evidence.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const { missing } = shared;
const RUN = "20261122-1-demo-aaaa";

describe.skipIf(missing !== null)(`review in VS Code${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let desk: Desk;
  let code: Workbench;
  let directory: string;
  let questions: number;

  beforeAll(async () => {
    desk = await newDesk(shared);
    directory = await waitingRun(desk.rzeroHome);
    code = await desk.open();
  });
  afterAll(() => desk?.remove());

  const editor = () => code.page.locator(".editor-instance .view-lines").first();
  /** The editor shows spaces as no-break spaces. */
  const shown = async () => (await editor().innerText()).replaceAll("\u00a0", " ");
  const lens = (name: string | RegExp) => code.page.locator(".codelens-decoration a").filter({ hasText: name });

  test("a run that waits says so, and its curriculum opens from there", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Add Host");
    await code.pick("This machine");
    const notice = code.notification(/waits for the review of iteration 1/).first();
    await notice.waitFor({ timeout: 150_000 });
    await notice.getByRole("button", { name: "Review Curriculum" }).click();
    await expect.poll(shown, { timeout: 60_000 }).toMatch(/Curriculum of iteration 1 of .*: \d+ questions/);
    questions = Number(/: (\d+) questions/.exec(await shown())?.[1]);
    expect(questions).toBeGreaterThan(3);
    expect(await shown()).toMatch(/── 1 ─+/);
    await lens("Approve").first().waitFor();
  });

  test("a question is rejected and another one approved, by lens and by keyboard; the journal has both", async () => {
    pictureOnFailure(() => code);
    await lens("Reject").first().click();
    await expect.poll(shown, { timeout: 30_000 }).toContain("rejected by vscode");
    await code.command("Go to Line/Column");
    await code.answer(":12");
    await code.page.keyboard.press("Control+Enter");
    await expect.poll(shown, { timeout: 30_000 }).toContain("approved by vscode");
    const verdicts: unknown[] = [];
    for await (const { record } of readJournal(directory))
      if (record.type === "decision") verdicts.push([record["verdict"], record["by"]]);
    expect(verdicts).toEqual([
      ["reject", "vscode"],
      ["approve", "vscode"],
    ]);
  });

  test("a label is corrected in an input box", async () => {
    pictureOnFailure(() => code);
    await lens("Correct Label").nth(2).click();
    await code.answer("a better label");
    await expect.poll(shown, { timeout: 30_000 }).toContain("corrected to: a better label");
  });

  test("a note is a comment thread, and what is doubtful stands among the problems", async () => {
    pictureOnFailure(() => code);
    await lens("Note").nth(1).click();
    await code.answer("seen <b>before</b>");
    await expect.poll(shown, { timeout: 30_000 }).toContain("note: seen <b>before</b>");
    await code.command("Problems: Focus on Problems View");
    const problems = code.page.locator(".markers-panel");
    await problems
      .getByText(/The label is wrong|Duplicate of|Only \d+ of/)
      .first()
      .waitFor();
  });

  test("all that nobody decided on is approved at once, after a confirmation; what somebody decided stays", async () => {
    pictureOnFailure(() => code);
    await lens("Decide on Many").first().click();
    await code.pick("Approve all that nobody decided on");
    const dialog = code.page.locator(".monaco-dialog-box");
    await dialog.getByText(/Approve \d+ questions\?/).waitFor();
    await dialog.getByRole("button", { name: "Approve" }).click();
    const counts = async () => {
      const newest = new Map<unknown, unknown>();
      for await (const { record } of readJournal(directory))
        if (record.type === "decision") newest.set(record["task"], record["verdict"]);
      const verdicts = [...newest.values()];
      return [verdicts.filter((verdict) => verdict === "reject").length, verdicts.length];
    };
    await expect.poll(counts, { timeout: 60_000 }).toEqual([1, questions]);
  });

  test("a question opens beside with its answers in classes", async () => {
    pictureOnFailure(() => code);
    await lens("Show Question").first().click();
    await code.page.getByRole("tab", { name: /^question / }).waitFor();
    const beside = code.page.locator(".editor-instance .view-lines").nth(1);
    await expect
      .poll(async () => (await beside.innerText()).replaceAll("\u00a0", " "), { timeout: 30_000 })
      .toMatch(/label: .*\n[\s\S]*\d+ × /);
    await code.command("View: Close Editor");
  });

  test("after a reload everything is as it was: it comes from the agent", async () => {
    pictureOnFailure(() => code);
    await code.stored();
    await code.reload();
    await expect.poll(shown, { timeout: 120_000 }).toContain("corrected to: a better label");
    const text = await shown();
    for (const said of ["rejected by vscode", "approved by vscode", "seen <b>before</b>"]) expect(text).toContain(said);
    expect(await code.notification(/waits for the review/).count()).toBe(0); // told once
  });
});

/** A run at rest that waits for the review of its first iteration. */
async function waitingRun(home: string): Promise<string> {
  const run = await writeRun(home, RUN, []);
  const writer = await RunWriter.open(run, 2);
  await writeQuestionRun(run, { ...smallRun, iterations: 1 }, { writer, seed: 5 });
  const stage = { key: "iteration:1/curriculum", iteration: 1, stage: "curriculum", units: 1 };
  await writer.append([
    { type: "stage", phase: "begin", ...stage, seconds: null, engineSeconds: null },
    { type: "stage", phase: "end", ...stage, seconds: 1, engineSeconds: 1 },
    {
      type: "state",
      state: "paused",
      reason: "The run waits for the review of iteration 1.",
      remedy: null,
      waiting: { gate: "iteration:1/gate:curriculum", iteration: 1 },
    },
  ]);
  await writer.close();
  return run;
}
