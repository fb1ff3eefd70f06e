/**
 * How the inspector does in the real VS Code (code-server, in Chromium) on a run of 24,000 questions with ten answers each, with --tenfold
 * also on one of 240,000: the packaged extension, its agent, its page in VS Code's own webview. Beside it, in the same browser, the
 * page that has everything (`inspector/naivePage.ts`).
 *
 *   npm run bench -- inspector [--tenfold] [--json]
 */
import { setTimeout as delay } from "node:timers/promises";
import { chromium } from "playwright-core";
import { newDesk } from "../e2e/support/desk.ts";
import { makeShared, type Shared } from "../e2e/support/shared.ts";
import type { Workbench } from "../e2e/support/workbench.ts";
import { type BenchHome, benchHome, broughtUpToDate } from "./inspector/benchRun.ts";
import { changes, questionMs } from "./inspector/changes.ts";
import { median, p95, type Row, rounded } from "./inspector/figures.ts";
import {
  elementCount,
  frames,
  rowsAt,
  scriptTimes,
  scrolledPages,
  type Task,
  tasks,
  watchTasks,
} from "./inspector/inPage.ts";
import { heapMb, residentMb } from "./inspector/memory.ts";
import { NAIVE_ROWS, naivePage } from "./inspector/naivePage.ts";

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Row) => void;
  readonly log: (line: string) => void;
}

/** Milliseconds at the 95th percentile, megabytes after garbage collection. */
const budgets = { open: 500, page: 100, change: 200, frame: 50, longTask: 50, heap: 150 };
/** What ten times the data may cost, by the medians. */
const GROWTH = 2;
const OPENS = 8;
/** Windows, each with an agent that has just begun. */
const WINDOWS = 6;
const ROUNDS = 16;
const PAGES = 60;
const STEPS = 240;
/** VS Code in a browser stores what is open every few seconds; a reload before that brings the panel back. */
const STORED_MS = 8_000;
/** A notch of a mouse's wheel. */
const WHEEL_PX = 120;

type Figures = Map<string, number>;

export async function run({ args, emit, log }: Options): Promise<void> {
  const { shared, close } = await silently(makeShared);
  if (shared.missing !== null) throw new Error(shared.missing);
  try {
    const usual = await measure("usual", shared, null, emit, log);
    if (args.includes("--tenfold")) await measure("tenfold", shared, usual, emit, log);
  } finally {
    await close();
  }
}

/** The packager writes to standard output, which is for rows. */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const { log, info } = console;
  console.log = console.info = () => undefined;
  try {
    return await work();
  } finally {
    Object.assign(console, { log, info });
  }
}

/** @returns the median of each case, against which ten times the size is held */
async function measure(
  size: "usual" | "tenfold",
  shared: Shared,
  smaller: Figures | null,
  emit: Options["emit"],
  log: Options["log"],
): Promise<Figures> {
  const home = await benchHome(size, log);
  const baseline = await baselineOf(home, shared, size === "usual", log);
  const medians: Figures = new Map();
  let questions = 0;
  const row = (what: string, isWithin: boolean, typical: number, figures: Record<string, number>) => {
    medians.set(what, typical);
    const before = smaller?.get(what);
    const growth = before === undefined ? null : typical / before;
    const naive = baseline.get(what);
    emit({
      bench: "inspector",
      case: `${what}, ${questions.toLocaleString("en-US")} questions`,
      questions,
      ...rounded(figures),
      ...(naive === undefined
        ? {}
        : rounded({ baseline: naive, baseline_questions: NAIVE_ROWS, speedup: naive / typical })),
      ...(growth === null ? {} : { growth: Number(growth.toFixed(2)) }),
      within_budget: isWithin && (growth ?? 0) <= GROWTH,
    });
  };
  const times = (what: string, budget: number, all: readonly number[]) =>
    row(what, p95(all) <= budget, median(all), { p50_ms: median(all), p95_ms: p95(all), budget_ms: budget });

  const desk = await newDesk(shared, { settings: { "rzero.hosts": { local: { root: home.root } } } });
  try {
    const code = await desk.open({ width: 1600, height: 1000 });
    await connected(code);
    log(`${home.name}: the first panel of ${WINDOWS} windows …`);
    const firsts: Opened[] = [];
    for (let i = 0; i < WINDOWS; i++) {
      if (i > 0) await code.reload();
      await code.page.locator(".codicon-vm-active").waitFor({ timeout: 120_000 });
      firsts.push(await opened(code, home.name));
      questions = Number((await code.panel().locator(".status-text").innerText()).replace(/\D/g, ""));
      await code.command("View: Close All Editors");
      await delay(STORED_MS);
    }
    times("the first panel of a window", budgets.open, firsts.map(fromPage));
    times("the first panel of a window, from its script", budgets.open, firsts.map(fromScript));
    log(`${home.name}: opening the panel ${OPENS} times …`);
    const opens: Opened[] = [];
    for (let i = 0; i < OPENS; i++) {
      opens.push(await opened(code, home.name));
      await code.command("View: Close All Editors");
    }
    times("open to the first rows", budgets.open, opens.map(fromPage));
    times("open to the first rows, from its script", budgets.open, opens.map(fromScript));
    const empty = await heapMb(code.page);
    await opened(code, home.name);
    const frame = await code.panelFrame();
    await frame.evaluate(watchTasks);

    for (const [what, change] of Object.entries(changes)) {
      log(`${home.name}: ${what} …`);
      const all: number[] = [];
      for (let i = 0; i < ROUNDS; i++) all.push(await change(code, i));
      times(what, budgets.change, all);
    }
    await code.panel().locator("vscode-text-field.search").click();
    await code.page.keyboard.press("Escape");
    log(`${home.name}: pages …`);
    const pages: number[] = [];
    const jumps: number[] = [];
    for (let i = 0; i < 6; i++) {
      const [jump = Number.NaN, ...next] = await frame.evaluate(scrolledPages, {
        share: 0.15 * (i + 0.5),
        pages: PAGES / 6,
      });
      jumps.push(jump);
      pages.push(...next);
    }
    times("next page to its rows", budgets.page, pages);
    times("jump to another place", budgets.change, jumps);
    const shown: number[] = [];
    for (let i = 0; i < ROUNDS; i++) shown.push(await questionMs(code, i));
    times("question with its answers", budgets.change, shown);

    const idle = await frame.evaluate(frames, { steps: STEPS, px: 0 });
    for (const [what, px] of [
      ["scrolling by the wheel", WHEEL_PX],
      ["scrolling through everything", "all"],
    ] as const) {
      const before = (await frame.evaluate(tasks)).length;
      const all = await frame.evaluate(frames, { steps: STEPS, px });
      const long = ours((await frame.evaluate(tasks)).slice(before));
      row(what, p95(all) <= budgets.frame && long.length === 0, p95(all), {
        p50_ms: median(all),
        p95_ms: p95(all),
        worst_ms: Math.max(...all),
        idle_p95_ms: p95(idle),
        budget_ms: budgets.frame,
        long_tasks: long.length,
        longest_task_ms: Math.max(0, ...long.map(({ duration }) => duration)),
      });
    }
    const heap = (await heapMb(code.page)) - empty;
    row("memory of the page", heap <= budgets.heap, heap, {
      heap_mb: heap,
      elements: await frame.evaluate(elementCount),
      budget_mb: budgets.heap,
      window_mb: empty,
    });
    for (const [what, text] of [
      ["memory of the extension host", "--type=extensionHost"],
      ["memory of the agent", "rzero.mjs"],
    ] as const) {
      const resident = residentMb(desk.serverPid(), text);
      row(what, !Number.isNaN(resident), resident, { resident_mb: resident });
    }
    return medians;
  } finally {
    await desk.remove();
  }
}

async function connected(code: Workbench): Promise<void> {
  await code.showRuns();
  await code.command("R-Zero: Add Host");
  await code.pick("This machine");
  await code.page.locator(".codicon-vm-active").waitFor({ timeout: 120_000 });
}

/** Milliseconds of the page: when it asked for its script, when it had it, when its first rows were there. */
interface Opened {
  readonly asked: number;
  readonly loaded: number;
  readonly rows: number;
}

const fromPage = ({ asked, rows }: Opened) => rows - asked;
const fromScript = ({ loaded, rows }: Opened) => rows - loaded;

/** Opens the run's questions from the palette. */
async function opened(code: Workbench, run: string): Promise<Opened> {
  const made = code.page.waitForEvent("framenavigated", (frame) => frame.url().includes("/fake.html"));
  await code.command("R-Zero: Inspect Questions");
  await code.pick(run);
  const frame = await made;
  const shown = await frame.waitForFunction(rowsAt, undefined, { polling: "raf" });
  const rows = Number(await shown.jsonValue());
  return { rows, ...(await frame.evaluate(scriptTimes)) };
}

/** In the browser a webview shares its thread with the window: a task is ours when it ran in the panel's own frame, or nobody knows whose it was. */
function ours(all: readonly Task[]): Task[] {
  return all.filter(({ duration, name }) => duration > budgets.longTask && !name.startsWith("same-origin-ancestor"));
}

/** The medians of the page that has everything, by our cases. */
async function baselineOf(home: BenchHome, shared: Shared, isWanted: boolean, log: Options["log"]): Promise<Figures> {
  const agent = await broughtUpToDate(home, log);
  if (!isWanted) {
    await agent.close();
    return new Map();
  }
  log(`${home.name}: the page that has everything …`);
  const browser = await chromium.connect(shared.browser);
  try {
    const naive = await naivePage(browser, agent, home.run, 4);
    return new Map([
      ["open to the first rows", naive.open],
      ["sort to its rows", median(naive.sort)],
      ["search to its rows", median(naive.search)],
      ["scrolling through everything", p95(naive.frames)],
      ["memory of the page", naive.heap_mb],
    ]);
  } finally {
    await browser.close();
    await agent.close();
  }
}
