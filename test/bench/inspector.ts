/**
 * How the inspector does on a run of 24,000 questions with ten answers each: its built page in Chromium, under its own policy, against a
 * real `rzero serve --stdio`. Between the two only the stream is missing that SSH would be.
 *
 *   npm run bench -- inspector [--json]
 */
import { mkdir, rename, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { stateOf } from "../../src/panels/inspector/messages.ts";
import { runHome } from "../support/inspectedRun.ts";
import { HOST, inspectedAgent, openInspector } from "../support/inspectorHarness.ts";
import { builtPanels, launchChromium } from "../support/panelPage.ts";
import { type QuestionRunSize, questionCount, writeQuestionRun } from "../support/questionRun.ts";

interface Row {
  bench: "inspector";
  case: string;
  within_budget: boolean;
  [figure: string]: string | number | boolean;
}

interface Options {
  readonly emit: (row: Row) => void;
  readonly log: (line: string) => void;
}

const usual: QuestionRunSize = {
  answers: 10,
  solverSteps: 10,
  prompts: 128,
  rollouts: 5,
  chunk: 100,
  sentences: 10,
  iterations: 3,
  challengerSteps: 5,
  asked: 600,
  curriculum: 5000,
};
/** Raised when what is written changes. */
const VERSION = 1;
const ROUNDS = 12;
const SCROLLS = 240;
/** To the first rows from an empty page, and to other rows after a change: what feels immediate. */
const OPEN_MS = 1000;
const CHANGE_MS = 200;
const FRAME_MS = 1000 / 60;
const HEAP_MB = 100;

export async function run({ emit, log }: Options): Promise<void> {
  const { home, id } = await preparedRun(log);
  const agent = inspectedAgent(home, join(home, "cache"));
  const browser = await launchChromium();
  const files = await builtPanels(true);
  const row = (what: string, within_budget: boolean, figures: Record<string, number>) =>
    emit({ bench: "inspector", case: what, ...rounded(figures), within_budget });
  try {
    const client = { request: agent.client.request.bind(agent.client) };
    log("Bringing the index up to date …");
    for (;;) {
      const { index } = await client.request("runs/questions", { run: id, query: { limit: 1 } }, { limitMs: 120_000 });
      if (index.current) break;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const opens: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const from = performance.now();
      const opened = await openInspector(browser, files, client, { run: id });
      await opened.page.waitForSelector(ROW);
      opens.push(performance.now() - from);
      await opened.close();
    }
    row("open to the first rows", p95(opens) <= OPEN_MS, { p50_ms: median(opens), p95_ms: p95(opens) });

    const state = stateOf({ host: HOST, run: id });
    const { page, close, incidents } = await openInspector(browser, files, client, {
      run: id,
      state,
      size: { width: 1600, height: 1000 },
    });
    await page.waitForSelector(ROW);
    await page.evaluate(watchTasks);
    const total = Number((await page.locator(".status-text").textContent())?.replace(/\D/g, ""));
    for (const [what, change] of Object.entries(changes)) {
      const times: number[] = [];
      for (let i = 0; i < ROUNDS; i++) times.push(await change(page, i));
      row(what, p95(times) <= CHANGE_MS, { p50_ms: median(times), p95_ms: p95(times) });
    }
    const tasksBefore = await page.evaluate(tasks);
    const frames = await page.evaluate(scrollThrough, SCROLLS);
    const tasksAfter = await page.evaluate(tasks);
    row("scrolling through everything", p95(frames) <= FRAME_MS * 1.5 && tasksAfter.length === tasksBefore.length, {
      questions: total,
      frames: frames.length,
      p50_ms: median(frames),
      p95_ms: p95(frames),
      worst_ms: Math.max(...frames),
      long_tasks: tasksAfter.length - tasksBefore.length,
    });
    const heap = (await page.evaluate(heapBytes)) / 2 ** 20;
    const nodes = await page.evaluate(elementCount);
    row("after all of this", heap <= HEAP_MB && incidents.length === 0, {
      heap_mb: heap,
      elements: nodes,
      long_tasks: tasksAfter.length,
      longest_task_ms: Math.max(0, ...tasksAfter),
    });
    if (incidents.length > 0) log(incidents.join("\n"));
    await close();
  } finally {
    await browser.close();
    await agent.close();
  }
}

const ROW = ".grid-body .row:not(.pending)";
const words = [
  "triangle",
  "circle",
  "integer",
  "sum",
  "prime",
  "limit",
  "square",
  "digits",
  "vector",
  "graph",
  "pairs",
  "radius",
];

/** Each does something and answers the milliseconds until the table shows what it asked for. */
const changes: Record<string, (page: Page, round: number) => Promise<number>> = {
  "search to its rows": async (page, i) => {
    const field = page.locator("vscode-text-field.search");
    await field.click();
    await page.keyboard.press("Control+A");
    await page.keyboard.type(words[i % words.length] ?? "");
    // The person's pause is not the panel's time: it is counted from the end of it.
    return settled(page, () => page.keyboard.press("Enter"));
  },
  "search taken back": async (page) => {
    await page.locator("vscode-text-field.search").click();
    return settled(page, () => page.keyboard.press("Escape"));
  },
  "sort to its rows": async (page, i) =>
    settled(page, () =>
      page
        .locator('[role="columnheader"] button')
        .nth([1, 2, 3, 4, 7, 8][i % 6] ?? 1)
        .click(),
    ),
  "filter to its rows": async (page, i) => {
    await page
      .locator(".menu-button")
      .nth(i % 2 === 0 ? 1 : 2)
      .click();
    await page.waitForSelector(".menu:popover-open vscode-checkbox");
    const took = await settled(page, () => page.locator(".menu:popover-open vscode-checkbox").first().click());
    await page.keyboard.press("Escape");
    return took;
  },
  "jump to the middle": async (page, i) =>
    settled(page, () =>
      page.locator(".grid").evaluate((grid, share) => grid.scrollTo(0, grid.scrollHeight * share), 0.2 + 0.05 * i),
    ),
  "question with its answers": async (page, i) => {
    await page
      .locator(ROW)
      .nth(3 + i)
      .click();
    const from = performance.now();
    await page.waitForSelector(`.lineage [aria-current]`);
    return performance.now() - from;
  },
};

/** Milliseconds until no row in view is pending any more, after something was done. */
async function settled(page: Page, act: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await act();
  await page.evaluate(waitForRows);
  return performance.now() - from;
}

async function preparedRun(log: (line: string) => void): Promise<{ home: string; id: string }> {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "rzero", "bench");
  const home = join(cache, `inspector-usual-v${VERSION}`);
  const id = "20261122-1-demo-aaaa";
  const exists = await stat(home).then(
    () => true,
    () => false,
  );
  if (exists) return { home, id };
  log(`Writing a run of ${questionCount(usual)} questions to ${home} …`);
  const building = `${home}.building-${process.pid}`;
  await mkdir(building, { recursive: true });
  const { directory } = await runHome(building);
  await writeQuestionRun(directory, usual);
  await rename(building, home);
  return { home, id };
}

// What follows runs in the page.

interface BenchPage {
  document: {
    querySelector(s: string): { scrollTop: number; scrollHeight: number; clientHeight: number } | null;
    querySelectorAll(s: string): { length: number };
  };
  requestAnimationFrame(callback: (time: number) => void): void;
  performance: { now(): number; memory?: { usedJSHeapSize: number } };
  PerformanceObserver: new (
    callback: (list: { getEntries(): { duration: number }[] }) => void,
  ) => { observe(options: object): void };
  gc?: () => void;
  longTasks?: number[];
}

function watchTasks(): void {
  const page = globalThis as unknown as BenchPage;
  const seen: number[] = [];
  page.longTasks = seen;
  new page.PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.push(duration);
  }).observe({ type: "longtask", buffered: false });
}

function tasks(): number[] {
  return [...((globalThis as unknown as BenchPage).longTasks ?? [])];
}

async function waitForRows(): Promise<void> {
  const page = globalThis as unknown as BenchPage;
  const frame = () => new Promise<number>((resolve) => page.requestAnimationFrame(resolve));
  const isBusy = () =>
    page.document.querySelectorAll(".grid-body .row.pending").length > 0 ||
    (page.document.querySelectorAll(".grid-body .row").length === 0 &&
      page.document.querySelector(".pane-message .state-empty") === null);
  await frame();
  for (let i = 0; i < 600 && isBusy(); i++) await frame();
}

async function scrollThrough(steps: number): Promise<number[]> {
  const page = globalThis as unknown as BenchPage;
  const grid = page.document.querySelector(".grid");
  if (grid === null) throw new Error("there is no table");
  const frame = () => new Promise<number>((resolve) => page.requestAnimationFrame(resolve));
  const times: number[] = [];
  let last = await frame();
  for (let i = 0; i < steps; i++) {
    grid.scrollTop = ((grid.scrollHeight - grid.clientHeight) * i) / steps;
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
}

function heapBytes(): number {
  const page = globalThis as unknown as BenchPage;
  page.gc?.();
  return page.performance.memory?.usedJSHeapSize ?? 0;
}

function elementCount(): number {
  return (globalThis as unknown as BenchPage).document.querySelectorAll("*").length;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function p95(values: readonly number[]): number {
  return percentile(values, 0.95);
}

function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

function rounded(figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(1))]));
}
