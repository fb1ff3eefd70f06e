import type { Workbench } from "../../e2e/support/workbench.ts";
import { arm, done } from "./inPage.ts";

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

/** Each does something as a person does it and answers the milliseconds until the table shows what it asked for. */
export const changes: Record<string, (code: Workbench, round: number) => Promise<number>> = {
  "search to its rows": async (code, i) => {
    await typed(code, words[i % words.length] ?? "");
    // The person's pause is not the panel's time: it is counted from the end of it.
    return timed(code, () => code.page.keyboard.press("Enter"));
  },
  "search taken back": async (code) => {
    await typed(code, "polynomial");
    await timed(code, () => code.page.keyboard.press("Enter"));
    await code.panel().locator("vscode-text-field.search").click();
    return timed(code, () => code.page.keyboard.press("Escape"));
  },
  "sort to its rows": async (code, i) =>
    timed(code, () =>
      code
        .panel()
        .locator('[role="columnheader"] button')
        .nth([1, 2, 3, 4, 7, 8][i % 6] ?? 1)
        .click(),
    ),
  "filter to its rows": async (code, i) => {
    const panel = code.panel();
    const menu = panel.locator(".menu-button").filter({ hasText: i % 2 === 0 ? /^Iteration/ : /^Curriculum/ });
    await menu.first().click();
    const box = panel.locator(".menu:popover-open vscode-checkbox").first();
    await box.waitFor();
    const took = await timed(code, () => box.click());
    await code.page.keyboard.press("Escape");
    // Filters upon filters would soon let nothing in.
    await panel.getByText("Clear filters", { exact: true }).first().click();
    await panel.locator(ROW).first().waitFor();
    return took;
  },
};

/** Other words in the search. They are selected by the field's own keys: “select all” is a command that VS Code sends back later. */
async function typed(code: Workbench, text: string): Promise<void> {
  await code.panel().locator("vscode-text-field.search").click();
  await code.page.keyboard.press("End");
  await code.page.keyboard.press("Shift+Home");
  await code.page.keyboard.type(text);
}

/** From the click to the answers and the lineage of the question; the panel's own pause of 120 ms, for a held key, is in it. */
export async function questionMs(code: Workbench, round: number): Promise<number> {
  const frame = await code.panelFrame();
  await frame.evaluate(armDetail);
  await code
    .panel()
    .locator(ROW)
    .nth(3 + (round % 12))
    .click();
  return frame.evaluate(done);
}

async function timed(code: Workbench, act: () => Promise<unknown>): Promise<number> {
  const frame = await code.panelFrame();
  await frame.evaluate(arm);
  await act();
  return frame.evaluate(done);
}

/** Runs in the page: as `arm`, until the detail names another question than before. */
function armDetail(): void {
  const page = globalThis as unknown as {
    document: { querySelector(s: string): { getAttribute(name: string): string | null } | null };
    requestAnimationFrame(callback: (time: number) => void): void;
    addEventListener(name: string, listener: (event: { timeStamp: number }) => void, options: object): void;
    rzeroDone?: Promise<number>;
  };
  const frame = () => new Promise<number>((resolve) => page.requestAnimationFrame(resolve));
  const named = () => page.document.querySelector(".lineage [aria-current]")?.getAttribute("title") ?? null;
  const before = named();
  const begun = new Promise<number>((resolve) => {
    page.addEventListener("mousedown", ({ timeStamp }) => resolve(timeStamp), { capture: true, once: true });
  });
  page.rzeroDone = begun.then(async (from) => {
    for (let i = 0; i < 1200 && (named() === null || named() === before); i++) await frame();
    await frame();
    return performance.now() - from;
  });
}
