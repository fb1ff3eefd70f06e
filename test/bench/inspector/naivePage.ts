import type { Browser, Page } from "playwright-core";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { InspectedAgent } from "../../support/inspectorHarness.ts";
import { frames } from "./inPage.ts";
import { heapMb } from "./memory.ts";

/** What the page that has everything takes: milliseconds, megabytes. */
export interface NaiveFigures {
  readonly open: number;
  readonly sort: number[];
  readonly search: number[];
  readonly frames: number[];
  readonly heap_mb: number;
}

const PAGE = 500;
/** Of all the run's questions it gets a quarter: with 24,000 each change takes tens of seconds, and the page gigabytes. */
export const NAIVE_ROWS = 6000;

/**
 * The baseline: a page that is sent all questions (a quarter of the run's) and makes an element of every one, sorts and searches (the text of
 * questions only) by itself. The agent that it asks is as warm as ours.
 */
export async function naivePage(
  browser: Browser,
  { client }: InspectedAgent,
  run: string,
  rounds: number,
): Promise<NaiveFigures> {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
  try {
    const page = await context.newPage();
    await page.setContent(PAGE_HTML);
    const empty = await heapMb(page);
    const begun = performance.now();
    const rows: QuestionRow[] = [];
    for (let at = 0, total = 1; at < Math.min(total, NAIVE_ROWS); at += PAGE) {
      const answer = await client.request("runs/questions", { run, query: { at, limit: PAGE } });
      total = answer.total;
      rows.push(...answer.rows);
    }
    await page.evaluate(take, JSON.stringify(rows));
    const open = performance.now() - begun;
    const times = async (keys: readonly string[], what: Change["what"]) => {
      const all: number[] = [];
      for (let i = 0; i < rounds; i++)
        all.push(await page.evaluate(change, { what, by: keys[i % keys.length] ?? "" } satisfies Change));
      return all;
    };
    const sort = await times(["share", "reward"], "sort");
    const search = await times(["triangle", "circle"], "search");
    await page.evaluate(change, { what: "search" as const, by: "" });
    const scrolling = await page.evaluate(frames, { steps: 10, px: "all" as const });
    return { open, sort, search, frames: scrolling, heap_mb: (await heapMb(page as Page)) - empty };
  } finally {
    await context.close();
  }
}

const PAGE_HTML = `<!DOCTYPE html><style>
  body { margin: 0; font: 13px sans-serif } .grid { height: 100vh; overflow: auto }
  .row { display: grid; grid-template-columns: 44px 88px minmax(260px, 1fr) 96px 84px 96px 60px 72px 70px; height: 24px }
  .row > div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
</style><div class="grid"><div class="grid-body"></div></div>`;

interface NaiveDocument {
  readonly document: {
    createElement(name: string): NaiveElement;
    querySelector(selector: string): NaiveElement | null;
  };
  requestAnimationFrame(callback: (time: number) => void): void;
  naive?: { rows: Record<string, unknown>[]; draw: (rows: Record<string, unknown>[]) => Promise<void> };
}

interface NaiveElement {
  className: string;
  textContent: string;
  append(...children: NaiveElement[]): void;
  replaceChildren(...children: NaiveElement[]): void;
}

async function take(rows: string): Promise<void> {
  const page = globalThis as unknown as NaiveDocument;
  const columns = ["iteration", "stage", "text", "label", "share", "kept", "correct", "reward", "trainedSteps"];
  const frame = () => new Promise<number>((resolve) => page.requestAnimationFrame(resolve));
  const draw = async (shown: Record<string, unknown>[]) => {
    const made = shown.map((row) => {
      const element = page.document.createElement("div");
      element.className = "row";
      for (const column of columns) {
        const cell = page.document.createElement("div");
        cell.textContent = String(row[column] ?? "–").slice(0, 300);
        element.append(cell);
      }
      return element;
    });
    page.document.querySelector(".grid-body")?.replaceChildren(...made);
    await frame();
    await frame();
  };
  page.naive = { rows: JSON.parse(rows) as Record<string, unknown>[], draw };
  await draw(page.naive.rows);
}

async function change({ what, by }: Change): Promise<number> {
  const { naive } = globalThis as unknown as NaiveDocument;
  if (naive === undefined) throw new Error("there are no rows");
  const from = performance.now();
  const shown =
    what === "search"
      ? naive.rows.filter(({ text }) => String(text).includes(by))
      : [...naive.rows].sort((a, b) => ((a[by] ?? "") < (b[by] ?? "") ? -1 : 1));
  await naive.draw(shown);
  return performance.now() - from;
}

interface Change {
  readonly what: "sort" | "search";
  readonly by: string;
}
