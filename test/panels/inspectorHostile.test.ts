// The inspector's built page against a run in which a model wrote the worst it can, in a real browser under the page's own policy.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { InspectorContract } from "../../src/panels/inspector/messages.ts";
import { hostileCorpus, hugeLine, PWNED } from "../support/hostileCorpus.ts";
import { type RunHome, runHome, writeHostileRun } from "../support/inspectedRun.ts";
import { type InspectedAgent, inspectedAgent, openInspector } from "../support/inspectorHarness.ts";
import { builtPanels, launchChromium, type PanelPage } from "../support/panelPage.ts";

let home: RunHome;
let agent: InspectedAgent;
let browser: Browser;
let inspector: PanelPage<InspectorContract>;

beforeAll(async () => {
  home = await runHome();
  await writeHostileRun(home.directory, [...hostileCorpus, hugeLine()]);
  agent = inspectedAgent(home.home, `${home.home}/cache`);
  browser = await launchChromium();
  inspector = await openInspector(browser, await builtPanels(), agent.client, { run: home.run });
  await inspector.page.waitForSelector(".grid-body .row:not(.pending)", { timeout: 60_000 });
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await agent?.close();
  await home?.remove();
});

it("has more than two hundred payloads", () => {
  expect(hostileCorpus.length).toBeGreaterThan(200);
  expect(new Set(hostileCorpus.map(({ text }) => text)).size).toBe(hostileCorpus.length);
});

it("shows every payload in table and group; nothing is executed, loaded or hidden, and nothing leaves its place", async () => {
  const { page, incidents } = inspector;
  const total = hostileCorpus.length + 1;
  await expect.poll(() => page.locator(".status-text").textContent()).toContain(`${total} questions`);
  const grid = page.locator(".grid");
  await grid.focus();
  await page.keyboard.press("Home");
  for (let i = 0; i < total; i++) {
    const shown = await page.evaluate(lookAtMarked, i);
    expect(shown, name(i)).toEqual({ ...shown, hidden: [], elements: [], outside: [], pwned: false, late: false });
    expect(incidents, name(i)).toEqual([]);
    await page.evaluate(next, { index: i + 1, last: i === total - 1 });
  }
  expect(await page.evaluate((key) => key in globalThis, PWNED)).toBe(false);
}, 600_000);

it("cuts a line of ten megabytes, and shows more when it is asked to", async () => {
  const { page } = inspector;
  await page.locator(".grid").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  const question = page.locator(".question-text");
  await expect.poll(() => question.textContent()).toContain("huge line");
  const more = question.locator("vscode-button");
  await more.click();
  await expect.poll(() => question.locator(".note").textContent()).toContain("of 10,000,021 characters");
  expect((await question.textContent())?.length).toBeLessThan(70_000);
  await more.click();
  await expect.poll(async () => (await question.textContent())?.length ?? 0).toBeGreaterThan(130_000);
  expect(inspector.incidents).toEqual([]);
});

function name(i: number): string {
  return hostileCorpus[i]?.name ?? "huge";
}

// What follows runs in the page.

/** Moves the mark to a row and waits until its group is shown. */
async function next({ index, last }: { index: number; last: boolean }): Promise<void> {
  if (last) return;
  const page = globalThis as unknown as {
    document: PageDocument;
    KeyboardEvent: new (type: string, init: object) => unknown;
  };
  const grid = page.document.querySelector(".grid");
  grid?.dispatchEvent(new page.KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  void index;
}

async function lookAtMarked(index: number) {
  interface Box {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
    readonly width: number;
    readonly height: number;
  }
  interface PageElement {
    readonly localName: string;
    readonly namespaceURI: string;
    readonly textContent: string;
    readonly id: string;
    readonly className: unknown;
    readonly attributes: Iterable<{ name: string; value: string }>;
    readonly parentElement: PageElement | null;
    querySelectorAll(selector: string): Iterable<PageElement>;
    querySelector(selector: string): PageElement | null;
    getBoundingClientRect(): Box;
    getAttribute(name: string): string | null;
    contains(other: PageElement): boolean;
  }
  const page = globalThis as unknown as {
    document: PageElement & {
      documentElement: PageElement & {
        scrollWidth: number;
        clientWidth: number;
        scrollHeight: number;
        clientHeight: number;
      };
    };
    innerWidth: number;
    rzeroPwned?: unknown;
  };
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const { document } = page;
  const marked = () => document.querySelector('.grid-body .row[aria-selected="true"]');
  const title = () => document.querySelector(".lineage [aria-current]")?.getAttribute("title") ?? "";
  // The row is marked, its group and its lineage have come: both name it.
  const seen = globalThis as unknown as { seenTitle?: string };
  for (let i = 0; i < 3000; i++) {
    if (Number(marked()?.getAttribute("data-index") ?? -1) === index && title() !== "" && title() !== seen.seenTitle)
      break;
    await wait(20);
  }
  const late = title() === "" || title() === seen.seenTitle;
  seen.seenTitle = title();
  const hiddenCharacters = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0\u2800]/u;
  const html = new Set(
    "div span section button ul li dl dt dd details summary h2 p strong output input label select option".split(" "),
  );
  const math = new Set(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle mpadded menclose".split(
      " ",
    ),
  );
  const hidden: string[] = [];
  const elements: string[] = [];
  const outside: string[] = [];
  const detail = document.querySelector(".detail-content");
  const grid = document.querySelector(".grid");
  for (const place of [detail, marked()]) {
    if (place === null) continue;
    const isMath = (node: PageElement) => node.namespaceURI.endsWith("MathML");
    if (hiddenCharacters.test(place.textContent.replace(/[\u2061-\u2064]/g, ""))) hidden.push("text");
    for (const node of place.querySelectorAll("*")) {
      const known = isMath(node)
        ? math.has(node.localName)
        : html.has(node.localName) || node.localName === "vscode-button";
      if (!known) elements.push(node.localName);
      for (const { name, value } of node.attributes) {
        if (/^on|^href$|^src|^xlink|^style$|^ping$|^action$/.test(name) && !(name === "style" && !isMath(node)))
          elements.push(`${node.localName} ${name}`);
        if (hiddenCharacters.test(value)) hidden.push(`${node.localName} ${name}`);
      }
    }
  }
  for (const text of document.querySelectorAll(".detail-content .model-text, .detail-content .facts dd, .cell")) {
    const box = text.getBoundingClientRect();
    const frame = (detail?.contains(text) === true ? detail : grid)?.getBoundingClientRect();
    if (frame !== undefined && detail?.contains(text) === true && box.right > frame.right + 1)
      outside.push(`${String(text.className)} ${box.right}`);
  }
  const rows = [...document.querySelectorAll(".grid-body .row")].filter(
    (row) => Math.abs(row.getBoundingClientRect().height - 24) > 0.5,
  );
  if (rows.length > 0) outside.push(`${rows.length} rows of another height`);
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
  if (scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1) outside.push("the page scrolls");
  return { hidden, elements, outside, pwned: page.rzeroPwned !== undefined, late };
}

interface PageDocument {
  querySelector(selector: string): { dispatchEvent(event: unknown): void } | null;
}
