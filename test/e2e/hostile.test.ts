// A run of which every text was written to do harm, through every view of the real VS Code: nothing is executed, nothing is loaded, no
// policy is violated, no link is made, and everything stays in its place.

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { demoConfig } from "../../remote-agent/src/recipes/demoConfig.ts";
import { clip } from "../../remote-agent/src/run/index/bounded.ts";
import { createRunDirectory } from "../../remote-agent/src/run/runDir.ts";
import { SECTION } from "../../src/review/curriculumSession.ts";
import { visibleText } from "../../src/review/visibleText.ts";
import { hostileCorpus, hugeLine, PWNED } from "../support/hostileCorpus.ts";
import { writeHostileCurriculum, writeHostileDecisions, writeHostileRun } from "../support/inspectedRun.ts";
import { RunWriter } from "../support/writtenRun.ts";
import { type Desk, newDesk } from "./support/desk.ts";
import { pictureOnFailure } from "./support/evidence.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const { missing } = shared;
const RUN = "20261122-1-hostile-aaaa";
const OTHER = "20261122-2-hostile-bbbb";
const LIMIT_MS = 120_000;
const NAME = "[go](command:workbench.action.quit) <img src=x onerror=rzeroPwned=1> $(x)\u202egnp\n\u0000";
const payloads = [...hostileCorpus, hugeLine()];
/** Characters of a note in a row of the index. */
const NOTE_CHARS = 1000;
/** What would not be seen, or would move what is. A tab and a line's end are seen. */
const unseen = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/u;
const texts = payloads.map(({ text }) => text);

describe.skipIf(missing !== null)(`a hostile run in VS Code${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let desk: Desk;
  let code: Workbench;
  const incidents: string[] = [];

  beforeAll(async () => {
    desk = await newDesk(shared);
    for (const id of [RUN, OTHER]) await hostileRun(desk.rzeroHome, id);
    code = await desk.open({ width: 1280, height: 800 });
    watch(code, incidents);
    await code.showRuns();
    await code.command("R-Zero: Add Host");
    await code.pick("This machine");
    await code.page.locator(".codicon-vm-active").waitFor({ timeout: LIMIT_MS });
    await code
      .line(/go.*command/)
      .first()
      .waitFor({ timeout: LIMIT_MS });
  }, 300_000);
  afterAll(() => desk?.remove());
  afterEach(async () => {
    for (const frame of code.page.frames()) {
      const isTaken = await frame.evaluate((key) => key in globalThis, PWNED).catch(() => false); // the frame has gone
      expect(isTaken, frame.url()).toBe(false);
    }
    expect(incidents).toEqual([]);
    await code.command("View: Close All Editors");
  });
  /** The lines of the editor, with ordinary spaces. */
  const shown = async () =>
    (await code.page.locator(".editor-instance .view-lines").first().innerText()).replaceAll("\u00a0", " ");
  const choose = () => code.pick(RUN);
  /** Puts the cursor behind the first place of a text in the document in front. */
  const find = async (text: string) => {
    await code.command("View: Focus Active Editor Group");
    await code.page.keyboard.press("Control+Home");
    await code.page.keyboard.press("Control+f");
    const field = code.page.locator(".find-widget.visible .find-part textarea").first();
    await field.fill(text);
    await code.page.locator(".find-widget.visible .matchesCount").getByText(/of \d/).waitFor();
    await field.press("Enter");
    await field.press("Escape");
  };

  test("explorer, tooltip, quick pick, status bar and notices show names and reasons as text, each in its line", async () => {
    pictureOnFailure(() => code);
    const notice = code.notification(/waits for the review of iteration 1/).first(); // it goes again after some seconds
    await notice.waitFor({ timeout: LIMIT_MS });
    expect(await notice.locator("a[href], .notification-list-item-message a, img").count()).toBe(0);
    const line = code.line(/go.*command/).first();
    await line.waitFor({ timeout: LIMIT_MS });
    await line.hover();
    const hover = code.page.locator(".workbench-hover, .monaco-hover").filter({ hasText: RUN }).first();
    await hover.waitFor();
    expect(await hover.locator("img, a, script").count()).toBe(0);
    const rows = code.page.locator(".sidebar .monaco-list-row");
    for (const box of await Promise.all((await rows.all()).map((row) => row.boundingBox())))
      expect(box?.height).toBe(22);
    expect(await code.page.locator(".sidebar .pane-body").first().evaluate(overflows)).toBe(false);
    expect(await code.page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });

  test("the inspector", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Inspect Questions");
    await choose();
    const rows = code.panel().locator(".grid-body .row:not(.pending)");
    await rows.first().waitFor({ timeout: LIMIT_MS });
    for (const i of [0, 5, 9, 14]) {
      await rows.nth(i).click();
      await code.panel().locator(".lineage [aria-current]").waitFor();
    }
    for (const share of [0.3, 0.6, 1]) {
      await code.panel().locator(".grid").evaluate(scrollTo, share);
      await rows.first().waitFor();
      await rows.nth(3).click();
      await code.page.waitForTimeout(500);
    }
    expect(await code.panel().locator("html").evaluate(overflows)).toBe(false);
    expect(await code.panel().locator("img, iframe, object, embed, a[href]").count()).toBe(0);
  });

  test("the charts", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Open Charts");
    await choose();
    const name = code.panel().locator(".runs .name").first();
    await name.waitFor({ timeout: LIMIT_MS });
    expect(await name.textContent()).toContain("[go] (command:");
    expect(await code.panel().locator("html").evaluate(overflows)).toBe(false);
  });

  test("a curriculum with its problems, a question with its answers, and the diff with another iteration", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Review Curriculum");
    await choose();
    await expect.poll(shown, { timeout: LIMIT_MS }).toMatch(/Curriculum of iteration 1 of .*: \d+ questions/);
    const lenses = code.page.locator(".codelens-decoration a");
    await lenses.filter({ hasText: "Approve" }).first().waitFor();
    await code.command("Problems: Focus on Problems View");
    await code.page.locator(".markers-panel .monaco-list-row").first().waitFor();
    await code.command("View: Toggle Panel Visibility");
    await lenses.filter({ hasText: "Show Question" }).first().click();
    await code.page.getByRole("tab", { name: /^question / }).waitFor();
  });

  test("two answers of a question in the editor's own diff, from the inspector", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Inspect Questions");
    await choose();
    const panel = code.panel();
    const current = panel.locator(".lineage [aria-current]");
    let isFirst = true;
    for (const i of ["markup 0", "bidi 2", "controls 16", "surrogates 4", "huge"].map(payloadAt)) {
      await panel.locator(".grid-body .row:not(.pending)").first().waitFor({ timeout: LIMIT_MS });
      await panel.locator(".grid").evaluate(scrollToRow, i);
      // The panel that came back from the diff shows the question of before until there is another one.
      const before = isFirst ? null : await current.getAttribute("title");
      isFirst = false;
      await panel.locator(`.grid-body .row[data-index="${i}"]:not(.pending)`).click();
      await expect.poll(() => current.getAttribute("title"), { timeout: LIMIT_MS }).not.toBe(before);
      const closed = panel.locator(".answers details.class:not([open]) > summary");
      while ((await closed.count()) > 0) await closed.first().click();
      const folded = panel.locator(".answers details.answer:not([open]) > summary");
      while ((await folded.count()) > 0) await folded.first().click();
      const buttons = panel.locator(".answers [data-diff]");
      expect(await buttons.count()).toBe(2);
      await buttons.nth(0).click();
      await buttons.nth(1).click();
      const diff = code.page.locator(".monaco-diff-editor");
      await diff.waitFor({ timeout: LIMIT_MS });
      const sides = diff.locator(".view-lines");
      await expect
        .poll(() => sides.evaluateAll(textsOf).then((shown) => shown.map((text) => text.trim() !== "")), {
          timeout: LIMIT_MS,
        })
        .toEqual([true, true]);
      for (const text of await sides.evaluateAll(textsOf)) expect(text).not.toMatch(unseen);
      expect(await diff.locator("img, iframe, script, a[href]").count()).toBe(0);
      expect(await code.page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      await code.command("View: Close Editor");
    }
  });

  test("notes in their comment threads and in the list of comments are the text that was written, and nothing else", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Review Curriculum");
    await choose();
    const all = new RegExp(`: ${texts.length} questions`);
    await expect.poll(shown, { timeout: LIMIT_MS }).toMatch(all); // the run has been read to its end
    const threads = code.page.locator(".review-widget");
    const opened = async () => {
      await code.command("Comments: Expand All Comments"); // those that are there
      await code.page.waitForTimeout(1000);
      return threads.locator(".comment-body").count();
    };
    await expect.poll(opened, { timeout: LIMIT_MS, interval: 1000 }).toBe(SECTION);
    await code.command("R-Zero: Show More Questions");
    await expect.poll(opened, { timeout: LIMIT_MS, interval: 1000 }).toBe(texts.length);
    const notes = await threads.evaluateAll(notesOf);
    const bare = (text: string) => visibleText(clip(text, NOTE_CHARS).text).replace(/\s/g, "");
    expect(notes.map(({ text }) => text).sort()).toEqual(texts.map(bare).sort());
    expect(notes.flatMap(({ elements }) => elements)).toEqual([]);
    expect(notes.flatMap(({ author }) => (unseen.test(author) ? [author] : []))).toEqual([]);
    expect(notes.filter(({ isWider }) => isWider)).toEqual([]);
    await code.command("Comments: Focus on Comments View");
    const list = code.page.locator(".comments-panel");
    await list.locator(".monaco-list-row").nth(3).waitFor();
    await code.page.keyboard.press("End");
    expect(await list.locator("img, script, iframe, a[href], a[data-href]").count()).toBe(0);
    await code.command("View: Toggle Panel Visibility");
  });

  test("hovers, the list of problems and prompts have no link of a model's or a person's", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Review Curriculum");
    await choose();
    await expect.poll(shown, { timeout: LIMIT_MS }).toMatch(/Curriculum of iteration 1/);
    await code.command("Problems: Focus on Problems View");
    const problems = code.page.locator(".markers-panel");
    await problems
      .getByText(/Duplicate of question/)
      .first()
      .waitFor({ timeout: LIMIT_MS });
    for (const text of await problems.locator(".monaco-list-row").evaluateAll(textsOf))
      expect(text).not.toMatch(unseen);
    expect(await problems.locator("img, script, a[href], a[data-href]").count()).toBe(0);
    await code.command("View: Toggle Panel Visibility");
    await code.command("Go to Next Problem (Error, Warning, Info)");
    await code.page
      .locator(".marker-widget")
      .getByText(/Duplicate of question/)
      .waitFor();
    await code.page.keyboard.press("Escape");
    await code.command("Show or Focus Hover");
    const hover = code.page.locator(".monaco-hover:visible").filter({ hasText: "Duplicate of question" });
    await hover.first().waitFor();
    expect(await hover.evaluateAll(linksOf)).toEqual([]);
    await code.page.keyboard.press("Escape");
    await find("[x](command:workbench");
    for (const command of ["R-Zero: Correct Label", "R-Zero: Note on Question"]) {
      await code.command(command);
      const prompt = code.page.locator(".quick-input-widget .quick-input-message");
      await prompt.getByText("[x] (command:workbench").waitFor();
      expect(await prompt.locator("a").count()).toBe(0);
      await code.page.keyboard.press("Escape");
    }
  });

  test("configuration, comparison, notes and the log", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Show Configuration");
    await choose();
    await expect.poll(shown, { timeout: LIMIT_MS }).toContain("The run");
    await code.command("R-Zero: Compare Configurations");
    await choose();
    await code.quickPickRow(OTHER).first().click();
    await code.quickPickRow("Only differences").first().click();
    await expect.poll(shown, { timeout: LIMIT_MS }).toContain("settings differ");
    await code.command("R-Zero: Edit Notes");
    await choose();
    await expect.poll(shown, { timeout: LIMIT_MS }).toContain("<script>globalThis.rzeroPwned=1</script>");
    await code.command("R-Zero: Follow Logs");
    await choose();
    await expect.poll(() => code.terminalText(), { timeout: LIMIT_MS }).toContain("theendofthelog");
    expect(await code.page.locator(".terminal-wrapper").evaluate(overflows)).toBe(false);
    await code.command("R-Zero: Open Full Log");
    await choose();
    await expect.poll(shown, { timeout: LIMIT_MS }).not.toBe("");
  });
});

/** A run at rest whose every text is hostile: name, reason, questions, answers, labels, tags, notes, log. */
async function hostileRun(home: string, id: string): Promise<void> {
  const directory = await createRunDirectory(home, {
    id,
    createdAt: "2026-11-22T14:30:00.000Z",
    config: { ...demoConfig(id === RUN ? 0 : 1), name: NAME },
    modelDir: "/models/base",
    identity: { agent: "source", engine: "0", model: "0" },
  });
  // Indexes lie in this machine's cache, by a run's id and first record: one of an earlier try must not be taken for this run's.
  const first = await RunWriter.open(directory, 0, Date.now);
  await first.append([{ type: "notice", level: "info", code: "begun", message: "It begins." }] as never);
  await first.close();
  await writeHostileRun(directory, payloads);
  const tasks = await writeHostileCurriculum(directory, payloads);
  await writeHostileDecisions(directory, tasks, payloads);
  const writer = await RunWriter.open(directory, 5);
  const stage = { key: "iteration:1/curriculum", iteration: 1, stage: "curriculum", units: 1 };
  await writer.append([
    { type: "stage", phase: "begin", ...stage, seconds: null, engineSeconds: null },
    { type: "stage", phase: "end", ...stage, seconds: 1, engineSeconds: 1 },
    { type: "notice", level: "error", code: "evil", message: NAME, remedy: NAME },
    {
      type: "state",
      state: "paused",
      reason: NAME,
      remedy: NAME,
      waiting: { gate: "iteration:1/gate:curriculum", iteration: 1 },
    },
  ] as never);
  await writer.close();
  const annotations = { tags: [NAME.slice(0, 40), "<b>"], notes: texts.filter((text) => text.length < 300).join("\n") };
  writeFileSync(
    path.join(directory, "annotations.json"),
    JSON.stringify({ ...annotations, by: NAME, at: "2026-11-22T14:30:00.000Z" }),
  );
  mkdirSync(path.join(directory, "logs"), { recursive: true });
  const log = [...texts, "the end of the log"].map(
    (text) => `2026-11-22T14:30:00.000Z INFO agent ${text.slice(0, 30_000)}\n`,
  );
  appendFileSync(path.join(directory, "logs/agent.log"), log.join(""));
}

/** What must not happen in the window and its frames. */
function watch(code: Workbench, incidents: string[]): void {
  const { page } = code;
  const origin = new URL(page.url()).origin;
  page.on("dialog", (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    const text = message.text();
    if (text.startsWith("Time limit reached when tokenizing line")) return; // VS Code on long lines, which it then repeats
    if (/Content Security Policy|evil\.invalid|rzeroPwned/i.test(text))
      incidents.push(`console: ${text.slice(0, 300)}`);
  });
  page.on("pageerror", (error) => {
    if (/rzero|evil\.invalid/i.test(`${error.message}${error.stack}`)) incidents.push(`error: ${error.message}`);
  });
  page.context().on("page", (other) => incidents.push(`window: ${other.url()}`));
  page.context().on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    // A webview's own files: VS Code's service worker answers for this host, and nobody else is asked.
    if (asked.endsWith(".vscode-resource.vscode-cdn.net") && /\/dist\/webview\/[\w.]+(\?|$)/.test(request.url()))
      return;
    if (/^https?:|^wss?:/.test(protocol) && asked.replace(/^ws/, "http") !== origin)
      incidents.push(`request: ${request.url().slice(0, 200)}`);
  });
}

function payloadAt(name: string): number {
  const at = payloads.findIndex((payload) => payload.name === name);
  if (at < 0) throw new Error(`There is no payload “${name}”.`);
  return at;
}

// What follows runs in the page.

function textsOf(nodes: unknown): string[] {
  return (nodes as { innerText: string }[]).map(({ innerText }) => innerText);
}

/** Addresses behind what can be clicked, but for VS Code's own settings on characters that look alike. */
function linksOf(nodes: unknown): string[] {
  interface Hover {
    querySelectorAll(selector: string): Iterable<{ getAttribute(name: string): string | null }>;
  }
  return (nodes as Hover[]).flatMap((hover) =>
    [...hover.querySelectorAll("a[href], a[data-href]")]
      .map((link) => link.getAttribute("data-href") ?? link.getAttribute("href") ?? "")
      .filter((target) => target !== "" && !target.startsWith("command:editor.action.unicodeHighlight")),
  );
}

/** What each comment thread shows: its text without spaces, elements that no text needs, and whether it is wider than its place. */
function notesOf(nodes: unknown) {
  interface Node {
    readonly localName: string;
    readonly textContent: string;
    readonly scrollWidth: number;
    readonly clientWidth: number;
    querySelector(selector: string): Node | null;
    querySelectorAll(selector: string): Iterable<Node>;
  }
  return (nodes as Node[]).flatMap((thread) => {
    const body = thread.querySelector(".comment-body");
    if (body === null) return [];
    const known = new Set(["div", "span", "p", "br"]);
    return [
      {
        text: body.textContent.replace(/\s/g, ""),
        author: thread.querySelector(".author")?.textContent ?? "",
        elements: [...body.querySelectorAll("*")].flatMap(({ localName }) => (known.has(localName) ? [] : [localName])),
        isWider: thread.scrollWidth > thread.clientWidth + 1,
      },
    ];
  });
}

function scrollToRow(node: unknown, row: number): void {
  (node as { scrollTop: number }).scrollTop = 24 * row;
}

function overflows(node: unknown): boolean {
  const { scrollWidth, clientWidth } = node as { scrollWidth: number; clientWidth: number };
  return scrollWidth > clientWidth + 1;
}

function scrollTo(node: unknown, share: number): void {
  const grid = node as { scrollTop: number; scrollHeight: number };
  grid.scrollTop = share * grid.scrollHeight;
}
