// A person goes through a real run in the inspector, by keyboard alone: search, lineage, two re-asks, a rejected question, a
// corrected label, the gate's release, and what both did to what the Solver learned.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { RunRecord, TaskRecord, TrajectoryRecord } from "../../remote-agent/src/protocol/records.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { createRun, type Installation, startSupervisor } from "../../remote-agent/src/run/launch.ts";
import type { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { atGate, curriculumOf } from "../support/reviewer.ts";
import { type Desk, newDesk } from "./support/desk.ts";
import { pictureOnFailure, shown } from "./support/evidence.ts";
import { focused, tabTo } from "./support/keys.ts";
import { pointerEventsOf } from "./support/pointer.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const { missing } = shared;
const LIMIT_MS = 120_000;
/** After which a list takes a key for the first of a word. */
const FORGOTTEN_MS = 1_200;
/** The iteration that is reviewed: before it the Solver has been trained once, so that there are weights to compare. */
const REVIEWED = 2;

describe.skipIf(missing !== null)(`a run in the inspector${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let desk: Desk;
  let code: Workbench;
  let run: string;
  let owner: RpcClient;
  let rejected: Reviewed;
  let corrected: Reviewed;
  let rightLabel: string;

  beforeAll(async () => {
    desk = await newDesk(shared);
    ({ run, owner } = await waitingRun(desk.rzeroHome));
    const reviewed = await reviewedOf(run);
    // An answer that is given often enough that some of the Solver's are right and some are not.
    corrected = reviewed.toSorted((a, b) => b.share - a.share)[0] as Reviewed;
    rightLabel = corrected.second;
    rejected = reviewed.find((other) => other !== corrected) as Reviewed;
    code = await desk.open({ width: 1440, height: 900, watchPointer: true });
  });
  afterAll(async () => {
    // Of a test that failed the run still waits.
    await owner?.request("runs/stop", { run, command: "end", by: "test" }).catch(() => "ended");
    await Promise.race([owner?.closed, delay(30_000)]);
    owner?.close();
    await desk?.remove();
  });

  const press = (...keys: string[]) =>
    keys.reduce((before, key) => before.then(() => code.page.keyboard.press(key)), Promise.resolve());
  const facts = () => code.panel().locator(".question > .facts");
  const asides = () => code.panel().locator(".aside");

  /** Chooses in the list that has the keyboard by typing; it forgets what was typed when keys come more than a second apart. */
  async function choose(option: string): Promise<void> {
    const chosen = () =>
      code
        .panel()
        .locator("select:focus")
        .evaluate((list) => {
          const { options, selectedIndex } = list as unknown as { options: { text: string }[]; selectedIndex: number };
          return options[selectedIndex]?.text ?? "";
        });
    await expect
      .poll(
        async () => {
          const now = await chosen();
          if (now.startsWith(option)) return now;
          await delay(FORGOTTEN_MS);
          await code.page.keyboard.type(option);
          return chosen();
        },
        { timeout: LIMIT_MS },
      )
      .toMatch(new RegExp(`^${option}`));
  }

  /** Searches for a question and opens it. */
  async function openQuestion({ text }: Reviewed): Promise<void> {
    await code.command("View: Focus Active Editor Group");
    const typed = `"${text}"`;
    const field = code.panel().locator(".search").first();
    // VS Code gives the panel the focus a moment after its command, once more: what is typed meanwhile may be lost.
    await expect
      .poll(
        async () => {
          await press("/");
          if (!/^Search/.test(await focused(code))) return null;
          await press("Control+a");
          await code.page.keyboard.type(typed);
          return field.evaluate((element) => (element as unknown as { value: string }).value);
        },
        { timeout: LIMIT_MS },
      )
      .toBe(typed);
    const found = code.panel().locator(".grid-body .row");
    await expect
      .poll(() => found.allInnerTexts().then((rows) => rows.map((row) => row.includes(text))), { timeout: LIMIT_MS })
      .toEqual([true]);
    await press("Enter", "Home", "Enter");
    await code.panel().locator(".question-text").getByText(text).waitFor({ timeout: LIMIT_MS });
  }

  test("opens a run that is at work, finds a question and walks its lineage there and back", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Add Host");
    await code.pick("This machine");
    await code
      .notification(new RegExp(`waits for the review of iteration ${REVIEWED}`))
      .first()
      .waitFor({ timeout: 150_000 });
    await code.command("Notifications: Clear All Notifications"); // it would lie over what is looked at
    await code.command("R-Zero: Inspect Questions");
    await code.pick("small");
    await code.panel().locator(".grid-body .row:not(.pending)").first().waitFor({ timeout: LIMIT_MS });
    await openQuestion(rejected);
    await code.panel().locator(".lineage .step").first().waitFor();
    await tabTo(code, /^challenger grpo step/);
    await press("Enter");
    await code
      .panel()
      .locator(".detail-title")
      .getByText(/^checkpoint/)
      .waitFor();
    await press("Alt+ArrowLeft");
    await facts().waitFor();
  });

  test("asks the base model and the newest Solver again; both are in the journal and beside the run's own answers", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Re-Ask Question");
    await expect.poll(() => focused(code), { timeout: LIMIT_MS }).toContain("Base model");
    for (const [who, name, n] of [
      ["Base", /^Base model/, 1],
      ["Solver: n", /^solver: Iteration 1/, 2],
    ] as const) {
      await choose(who);
      await press("Tab", "Control+a");
      await code.page.keyboard.type("6");
      await press("Enter");
      await expect.poll(() => asides().count(), { timeout: LIMIT_MS }).toBe(n);
      expect(await asides().first().locator(".aside-who").innerText()).toMatch(name);
      await asides().first().locator(".comparison tbody tr").first().waitFor();
      await expect.poll(() => focused(code)).toContain("Base model"); // the form, for the next one
    }
    await code.panel().locator("body").evaluate("document.querySelector('.reask-part').scrollIntoView()");
    await shown(code, "reask");
    expect.soft(await code.panelViolations()).toEqual([]);
    const asked = await recordsOf(run, "aside");
    expect(asked.map(({ task, by, answers }) => [task, by, answers.length])).toEqual(
      Array(2).fill([rejected.posed, "vscode", 6]),
    );
    const solver = (await recordsOf(run, "checkpoint")).findLast(
      ({ role, durable, call }) => role === "solver" && durable && call.startsWith("iteration:1/"),
    );
    expect(asked.map(({ checkpoint }) => checkpoint)).toEqual(["base", solver?.id]);
  });

  test("rejects the question; a reload leaves everything where it was", async () => {
    pictureOnFailure(() => code);
    await press("Escape", "Control+Backspace");
    await facts().getByText("rejected; by vscode").waitFor({ timeout: LIMIT_MS });
    await code.stored();
    await code.reload();
    await facts().getByText("rejected; by vscode").waitFor({ timeout: LIMIT_MS });
    await expect.poll(() => asides().count(), { timeout: LIMIT_MS }).toBe(2);
  });

  test("corrects the label of another question", async () => {
    pictureOnFailure(() => code);
    await openQuestion(corrected);
    await tabTo(code, /^Review$/, "Shift+Tab");
    await press("Enter");
    await tabTo(code, /^Correct Label/);
    await press("Enter");
    await code.answer(rightLabel);
    await facts().getByText(`Pseudo-label: ${rightLabel}`).waitFor({ timeout: LIMIT_MS });
  });

  test("the gate is released, and the run goes on to its end", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Release Review Gate");
    await code.pick("small");
    await code.quickPickRow("that nobody decided on").first().waitFor({ timeout: LIMIT_MS });
    await code.pick("Train on"); // also those that nobody decided on
    await owner.closed;
    const states = await recordsOf(run, "state");
    expect(states.at(-1)?.state).toBe("completed");
  });

  test("the rejected question taught nothing, the corrected label was what the Solver learned: by the view and by the records", async () => {
    pictureOnFailure(() => code);
    await openQuestion(rejected);
    await facts().getByText("0 examples, 0 optimiser steps").waitFor({ timeout: LIMIT_MS });
    await openQuestion(corrected);
    await facts()
      .getByText(/[1-9]\d* examples, [1-9]\d* optimiser steps/)
      .waitFor({ timeout: LIMIT_MS });
    const groups = code
      .panel()
      .locator(".lineage .node")
      .filter({ hasText: /^group of/ });
    await groups.first().waitFor({ timeout: LIMIT_MS });
    await tabTo(code, new RegExp(`^group of \\d+, label ${rightLabel}`));
    await press("Enter");
    await code
      .panel()
      .locator(".detail-title")
      .getByText(/^example/)
      .waitFor();

    const place = `iteration:${REVIEWED}/solver/`;
    const answered = (await recordsOf(run, "trajectory")).filter(({ call }) => call.startsWith(place));
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter(({ parents }) => parents.includes(rejected.id))).toEqual([]);
    expect(answered.filter(({ parents }) => parents.includes(corrected.id))).toEqual([]);
    const relabelled = (await recordsOf(run, "task")).filter(({ truth }) => truth.source === "review");
    expect(relabelled).toMatchObject([{ question: corrected.text, truth: { answer: rightLabel } }]);
    expect(relabelled[0]?.parents[0]).toBe(corrected.id);
    const taught = (await recordsOf(run, "example")).filter(({ parents }) => parents[0] === relabelled[0]?.id);
    expect(taught.length).toBeGreaterThan(0);
    expect(new Set(taught.map(({ label }) => label))).toEqual(new Set([rightLabel]));
    const steps = (await recordsOf(run, "checkpoint")).filter(({ parents }) => parents.includes(taught[0]?.id ?? ""));
    expect(steps).toMatchObject([{ role: "solver" }]);
    expect(await pointerEventsOf(code.page)).toEqual([]);
  });
});

interface Reviewed {
  /** Of the curriculum's task, and of the task that posed the question. */
  readonly id: string;
  readonly posed: string;
  readonly text: string;
  /** The answer that was given second most often, and the share of the answers that it is; 0 where there was but one. */
  readonly second: string;
  readonly share: number;
}

/** A live run of two iterations that waits for its reviewer in the second one. */
async function waitingRun(home: string): Promise<{ run: string; owner: RpcClient }> {
  const parts = await temporaryInstallation();
  // The agent that the editor starts looks for the sockets of runs where this environment says.
  const installation: Installation = { ...parts, home, env: { ...process.env, RZERO_HOME: home } };
  const model = await baseModel(installation);
  const config = smallConfig((config) => {
    config.name = "small";
    config.review.gate = true;
    config.curriculum.questions = 120;
    config.curriculum.earlyStop = false;
    // Every step learns from the whole curriculum, and a question of which one in six answers is right is hardly ever answered alike.
    Object.assign(config.solver, { steps: 2, prompts: 64, rollouts: 12 });
  });
  const run = await createRun(installation, config, model, new Date());
  const owner = await startSupervisor(installation, run);
  const first = await atGate(run, installation.env);
  await first.request("runs/release", { run, command: "first", by: "test", undecided: "keep" });
  first.close();
  for (let waiting = 0; waiting !== REVIEWED; ) {
    const client = await atGate(run, installation.env);
    waiting = (await client.request("runs/show", { run })).view.review.waiting?.iteration ?? 0;
    client.close();
  }
  await parts.remove();
  return { run, owner };
}

/** The reviewed curriculum's questions that no other question has the words of. */
async function reviewedOf(run: string): Promise<Reviewed[]> {
  const [tasks, answers] = [await recordsOf(run, "task"), await recordsOf(run, "trajectory")];
  const asked = Map.groupBy(
    tasks.filter(({ call, question }) => question !== null && !call.includes("source:curriculum")),
    ({ question }) => question,
  );
  return (await curriculumOf(run, REVIEWED)).flatMap((task) => {
    const posed = task.parents[0] as string;
    if (asked.get(task.question)?.length !== 1 || task.question === null) return [];
    return [{ id: task.id, posed, text: task.question, ...secondAnswer(task, posed, answers) }];
  });
}

function secondAnswer(task: TaskRecord, posed: string, answers: readonly TrajectoryRecord[]) {
  const given = answers.filter(({ parents }) => parents.includes(posed)).map(({ product }) => product.answer ?? "");
  const counts = [...Map.groupBy(given, (answer) => answer)].filter(
    ([answer]) => answer !== "" && answer !== task.truth.answer,
  );
  const [second = "", times = []] = counts.toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  return { second, share: times.length / given.length };
}

async function recordsOf<T extends RunRecord["type"]>(
  run: string,
  type: T,
): Promise<Extract<RunRecord, { type: T }>[]> {
  const found: Extract<RunRecord, { type: T }>[] = [];
  for await (const { record } of readJournal(run))
    if (record.type === type) found.push(record as unknown as Extract<RunRecord, { type: T }>);
  return found;
}
