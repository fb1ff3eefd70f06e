import type { Page } from "playwright-core";
import { type RunSeries, seriesQuery } from "../../remote-agent/src/protocol/series.ts";
import { seriesOf } from "../../remote-agent/src/run/series/answer.ts";
import { chartsContract } from "../../src/panels/charts/messages.ts";
import { chartsHost, figuresOf, fresh, status, words } from "../panels/support/chartsHost.ts";
import { openPanelBrowser } from "../panels/support/panelBrowser.ts";

/**
 * How long the Charts page takes to show 8 runs of 100,000 steps each, and to show what one more step of each brought: thinned in the
 * agent, as the product does it, and for comparison with every point sent and drawn. In Chromium, with the built page under its
 * own policy; only VS Code around it is missing.
 */
const RUNS = 8;
const STEPS = 100_000;
const SERIES = "solver/reward";
/** As many as the page asks for. */
const POINTS = 1000;
/** Updates that are timed; without thinning one takes seconds. */
const TURNS = { thinned: 15, all: 3 };
/** Milliseconds: what feels immediate, and what disturbs nobody while it goes on. */
const FIRST_PAINT_BUDGET = 1000;
const UPDATE_BUDGET = 100;

type Row = Record<string, unknown> & { bench: string; case: string };

export async function run({ emit, log }: { emit: (row: Row) => void; log: (line: string) => void }): Promise<void> {
  const keys = Array.from({ length: RUNS }, (_, i) => `local/${i}`);
  const all = keys.map((_, i) => curve(i));
  const { answers, thinMs } = thinnedAnswers(all);
  const sent = JSON.stringify(answers).length;
  const whole = JSON.stringify(all.map(({ x, y }) => ({ x, y }))).length;
  emit({ bench: "charts", case: "thinning 8 × 100,000 in the agent", ms: thinMs, points: POINTS });
  emit({ bench: "charts", case: "over the link", bytes: sent, bytes_of_all: whole, ratio: whole / sent });

  const browser = await openPanelBrowser();
  try {
    const measure = async (points: "thinned" | "all") => {
      log(`${points}: a page with ${RUNS} runs`);
      const { host } = chartsHost(keys.map((key) => ({ status: status(key, { name: key }), size: null })));
      const state = { ...fresh, runs: keys.map((run) => ({ host: "local", run: run.slice(6) })) };
      const { page } = await browser.open({ name: "charts", contract: chartsContract, words, state, host });
      await page.getByText("loading").first().waitFor();
      const lines = points === "all" ? all : answers.map(({ series }) => series[0] ?? { x: [], y: [] });
      await page.evaluate(prepare, { keys, series: SERIES, total: STEPS, lines });
      const first = await page.evaluate<number>("globalThis.rzeroTell(true)");
      const updates: number[] = [];
      for (let i = 0; i < TURNS[points]; i++) updates.push(await page.evaluate<number>("globalThis.rzeroTell(false)"));
      const shown = await pointsShown(page);
      await page.context().close();
      log(`${points}: first paint ${Math.round(first)} ms, update ${Math.round(median(updates))} ms, ${shown}`);
      return { first, update: median(updates), worst: Math.max(...updates) };
    };
    const thinned = await measure("thinned");
    const unthinned = await measure("all");
    emit({
      bench: "charts",
      case: "first paint",
      ms: thinned.first,
      baseline_ms: unthinned.first,
      speedup: unthinned.first / thinned.first,
      within_budget: thinned.first <= FIRST_PAINT_BUDGET,
    });
    emit({
      bench: "charts",
      case: "update",
      ms: thinned.update,
      worst_ms: thinned.worst,
      baseline_ms: unthinned.update,
      speedup: unthinned.update / thinned.update,
      within_budget: thinned.update <= UPDATE_BUDGET,
    });
  } finally {
    await browser.close();
  }
}

function curve(run: number): { x: number[]; y: number[] } {
  const x = Array.from({ length: STEPS }, (_, i) => i + 1);
  return { x, y: x.map((i) => 0.5 + 0.3 * Math.sin(i / (9000 + 500 * run)) + 0.1 * Math.sin(i * 12.9898 + run)) };
}

function thinnedAnswers(all: { x: number[]; y: number[] }[]): { answers: RunSeries[]; thinMs: number } {
  const query = seriesQuery.parse({ names: [SERIES], points: POINTS });
  const begun = performance.now();
  const series = all.map((points) => seriesOf(SERIES, points, query));
  const thinMs = performance.now() - begun;
  const answers = series.map((line) => ({
    series: [line],
    catalogue: [{ name: SERIES, axis: "solver", points: STEPS }],
    bands: [],
    histograms: [],
    keptBand: null,
    startedAt: 0,
    read: { seq: STEPS, host: 0, current: true, behind: 0, problem: null },
  }));
  for (const [i, answer] of answers.entries()) figuresOf(String(i), answer); // what the extension host does with it
  return { answers, thinMs };
}

async function pointsShown(page: Page): Promise<string> {
  return (await page.locator("[data-chart=solverReward] .count").textContent()) ?? "";
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs in the page: a function that tells figures as the host does and answers how long it took until they were painted. */
function prepare(given: {
  keys: string[];
  series: string;
  total: number;
  lines: { x: number[]; y: number[] }[];
}): void {
  const page = globalThis as unknown as {
    document: { querySelector(selector: string): { textContent: string | null } | null };
    requestAnimationFrame(then: () => void): void;
    postMessage(message: unknown, origin: string): void;
    rzeroTell: (first: boolean) => Promise<number>;
  };
  const { keys, series, total, lines } = given;
  const arrays = lines.map(({ x, y }) => ({ x: Float64Array.from(x), y: Float64Array.from(y) }));
  let step = total;
  const frame = () => new Promise<void>((resolve) => page.requestAnimationFrame(resolve));
  page.rzeroTell = async (first) => {
    step += 1;
    const value = first ? 0 : 100 + step - total; // told apart in the legend
    const begun = performance.now();
    for (const [i, run] of keys.entries()) {
      const line = first ? arrays[i] : { x: Float64Array.of(step), y: Float64Array.of(value) };
      const figures = {
        run,
        reset: first,
        lines: [{ name: series, total: first ? total : 1, ...line }],
        catalogue: [{ name: series, axis: "solver", points: total }],
        bands: first ? [] : null,
        histograms: [],
        keptBand: null,
        startedAt: 0,
      };
      page.postMessage({ kind: "event", name: "figures", value: figures }, "*");
    }
    const shows = () => {
      const values = page.document.querySelector("[data-chart=solverReward] .legend")?.textContent ?? "";
      return first ? /\d/.test(values) : values.split(String(value)).length > keys.length;
    };
    while (!shows()) {
      if (performance.now() - begun > 180_000) throw new Error("The page does not show what it was told.");
      await frame();
    }
    await frame(); // what was drawn is on the screen when the next frame begins
    return performance.now() - begun;
  };
}
