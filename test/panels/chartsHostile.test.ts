// The built Charts page, in a real browser under its own policy, with runs that are named the worst that there is.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ChartsState, chartsContract } from "../../src/panels/charts/messages.ts";
import { findChromium } from "../e2e/support/chromium.ts";
import { chartRun } from "../support/chartRun.ts";
import { hostileCorpus, PWNED } from "../support/hostileCorpus.ts";
import { chartsHost, fresh, status, words } from "./support/chartsHost.ts";
import { type OpenPage, openPanelBrowser, type PanelBrowser } from "./support/panelBrowser.ts";

const missing = missingBrowser();
const RUNS = 8;
const keys = Array.from({ length: RUNS }, (_, i) => `local/${i}`);
/** In a spreadsheet they would be formulas. */
const formulas = [
  "=cmd|' /C calc'!A0",
  "+1+1",
  "-2+3",
  "@SUM(1)",
  "\t=1",
  " =1",
  "\u200b=1",
  "＝1+1",
  "\n=HYPERLINK(1)",
];
const texts = [...hostileCorpus.map(({ text }) => text), ...formulas];
const batches = Array.from({ length: Math.ceil(texts.length / RUNS) }, (_, i) => texts.slice(RUNS * i, RUNS * (i + 1)));

describe.skipIf(missing !== null)(`hostile names in charts${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let browser: PanelBrowser;
  let opened: OpenPage<typeof chartsContract>;
  let asked: ReturnType<typeof chartsHost>["asked"];

  beforeAll(async () => {
    browser = await openPanelBrowser();
    const made = chartsHost(keys.map((key) => ({ status: status(key), size: { ...chartRun, iterations: 1 } })));
    asked = made.asked;
    const state: ChartsState = {
      ...fresh,
      runs: keys.map((key) => ({ host: "local", run: key.slice(6) })),
      tables: ["audit", "solverReward"],
    };
    opened = await browser.open({ name: "charts", contract: chartsContract, words, state, host: made.host as never });
    await opened.page.evaluate(watchPolicy);
    await opened.page.locator("[data-chart=audit] table").waitFor();
  }, 120_000);
  afterAll(() => browser?.close());

  const show = async (names: readonly string[]) => {
    const runs = keys.map((key, i) => {
      const name = names[i % names.length] ?? "";
      return status(key, { name, host: name, id: name, problem: i === 0 ? name : null });
    });
    opened.end.send("runs", runs);
    const shown = opened.page.locator(".runs .name");
    const wellFormed = async () => (await shown.allTextContents()).map((text) => text.toWellFormed());
    await expect.poll(wellFormed).toEqual(runs.map(({ name }) => name.toWellFormed()));
  };

  it("are shown as text: nothing is executed, loaded or laid over the page, and nothing leaves its place", async () => {
    const requests: string[] = [];
    opened.page.on("request", (request) => requests.push(request.url()));
    opened.page.on("dialog", (dialog) => requests.push(`dialog ${dialog.message()}`));
    for (const names of batches) {
      await show(names);
      const looked = await opened.page.evaluate(look, PWNED);
      expect(looked, names[0]).toEqual({ elements: [], outside: [], violations: [], pwned: false });
    }
    expect(requests).toEqual([]);
    expect(opened.complaints).toEqual([]);
  }, 240_000);

  it("are no formulas in a table that is saved", async () => {
    const audit = opened.page.locator("[data-chart=audit]");
    for (const names of [formulas.slice(0, 8), formulas.slice(8)]) {
      await show(names);
      const before = asked.length;
      await audit.hover();
      await audit.getByRole("button", { name: "saveCsv" }).click();
      const saved = () => asked.slice(before).find(({ method }) => method === "save")?.params as { bytes: Uint8Array };
      await expect.poll(saved).toBeTruthy();
      const cells =
        Buffer.from(saved().bytes)
          .toString()
          .match(/"(?:[^"]|"")*"/g) ?? [];
      expect(cells.length).toBeGreaterThan(8);
      for (const cell of cells) expect(cell).not.toMatch(/^"[\s\p{Cf}]*[=+\-@＝＋－＠]/u);
      expect(cells.some((cell) => cell.includes(names[0]?.trim() ?? ""))).toBe(true);
    }
  });
});

function missingBrowser(): string | null {
  try {
    findChromium();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

// What follows runs in the page.

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface PageElement {
  readonly localName: string;
  readonly className: unknown;
  readonly attributes: Iterable<{ name: string; value: string }>;
  readonly parentElement: PageElement | null;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  querySelectorAll(selector: string): Iterable<PageElement>;
  getBoundingClientRect(): Box;
}

interface HostilePage {
  readonly document: PageElement & {
    readonly documentElement: PageElement;
    addEventListener(name: string, listener: (event: { violatedDirective: string; blockedURI: string }) => void): void;
  };
  violations?: string[];
}

function watchPolicy(): void {
  const page = globalThis as unknown as HostilePage;
  const seen: string[] = [];
  page.violations = seen;
  page.document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    seen.push(`${violatedDirective} ${blockedURI}`);
  });
}

function look(pwned: string) {
  const page = globalThis as unknown as HostilePage;
  const { document } = page;
  const bad = "script iframe object embed img video audio link base meta form svg math style".split(" ");
  const elements: string[] = [];
  const outside: string[] = [];
  for (const place of document.querySelectorAll(".runs, .notices, .legend, table")) {
    for (const node of place.querySelectorAll("*")) {
      const isSwatch =
        node.localName === "svg" &&
        String((node.attributes as unknown as { class?: { value: string } }).class?.value) === "swatch";
      if (bad.includes(node.localName) && !isSwatch) elements.push(node.localName);
      for (const { name } of node.attributes)
        if (/^on|^href$|^src|^xlink|^action$|^ping$/.test(name)) elements.push(`${node.localName} ${name}`);
    }
  }
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width + 1) {
    const wide = [...document.querySelectorAll(":not(.table *)")].filter(
      (node) => node.getBoundingClientRect().right > width + 1,
    );
    outside.push(
      `the page scrolls sideways: ${wide
        .slice(0, 6)
        .map((node) => `${node.localName}.${String(node.className)}`)
        .join(" ")}`,
    );
  }
  for (const selector of [".runs li", ".notice", ".legend li", ".runs .name"]) {
    for (const node of document.querySelectorAll(selector)) {
      const box = node.getBoundingClientRect();
      const frame = node.parentElement?.getBoundingClientRect();
      if (box.right > width + 1 || box.left < -1) outside.push(selector);
      if (selector === ".runs li" && box.bottom - box.top > 40)
        outside.push(`${selector} is ${box.bottom - box.top} high`);
      if (frame !== undefined && box.right > frame.right + 1) outside.push(`${selector} leaves its row`);
    }
  }
  return { elements, outside: [...new Set(outside)], violations: page.violations ?? [], pwned: pwned in globalThis };
}
