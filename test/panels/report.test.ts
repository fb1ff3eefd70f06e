// A run's report, opened as the file it is, in a real browser under its own policy: one of a run in which a model wrote the worst it
// can, and one of an ordinary run. The browser runs scripts and would load what it is told to.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { writeReport } from "../../remote-agent/src/cli/report/write.ts";
import type { ReportSelection } from "../../remote-agent/src/protocol/report.ts";
import { annotate } from "../../remote-agent/src/run/annotations.ts";
import { RunIndex } from "../../remote-agent/src/run/index/runIndex.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";
import { hostileCorpus, hugeLine, PWNED } from "../support/hostileCorpus.ts";
import { type RunHome, runHome, writeHostileRun } from "../support/inspectedRun.ts";
import { axeSource, launchChromium } from "../support/panelPage.ts";
import { smallRun, writeQuestionRun } from "../support/questionRun.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
}, 300_000);

afterAll(() => browser?.close());

describe("the report of a run in which a model wrote the worst it can", () => {
  let home: RunHome;
  let file: string;
  const payloads = [...hostileCorpus, hugeLine()];

  beforeAll(async () => {
    home = await runHome();
    await writeHostileRun(home.directory, payloads);
    const worst = payloads.slice(0, 60).map(({ text }) => text.slice(0, 500));
    await annotate(
      home.directory,
      { notes: worst.join("\n"), tags: ["</title><script>"], by: worst[0] ?? "" },
      new Date(0),
    );
    file = join(home.home, "report.html");
    const ids = await lastQuestions(home, payloads.length - 200);
    await reportOf(home, { picks: [{ pick: "certain", count: 200 }], ids }, file);
  }, 300_000);

  afterAll(() => home?.remove());

  it("has every payload; nothing is executed, loaded, hidden or out of its place", async () => {
    const { page, incidents } = await opened(file);
    expect(await page.locator("article.question").count()).toBe(payloads.length);
    await page.evaluate(openAll);
    const found = await page.evaluate(look);
    expect(found).toEqual({ hidden: [], elements: [], attributes: [], outside: [], scrolls: false });
    expect(await page.evaluate((key) => key in globalThis, PWNED)).toBe(false);
    expect(incidents).toEqual([]);
  });

  it("is the same, byte for byte, when it is written again", async () => {
    const again = `${file}.again`;
    const ids = await lastQuestions(home, payloads.length - 200);
    await reportOf(home, { picks: [{ pick: "certain", count: 200 }], ids }, again);
    expect((await readFile(again)).equals(await readFile(file))).toBe(true);
  });
});

describe("the report of an ordinary run", () => {
  let home: RunHome;
  let file: string;

  beforeAll(async () => {
    home = await runHome();
    await writeQuestionRun(home.directory, smallRun);
    file = join(home.home, "report.html");
    const picks = (["kept", "uncertain", "certain"] as const).map((pick) => ({ pick, count: 4 }));
    await reportOf(home, { picks, ids: [] }, file);
  }, 120_000);

  afterAll(() => home?.remove());

  it.each(["light", "dark"] as const)("has no violation that axe finds: %s", async (scheme) => {
    const { page, incidents } = await opened(file, scheme, true);
    await page.evaluate(openAll);
    await page.evaluate(await axeSource());
    const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)).toEqual([]);
    expect(incidents).toEqual([]);
  });

  it("can be read without scripts, on a narrow screen, and has its formulas", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 700 } });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href);
    await page.locator("h2", { hasText: "Selected questions" }).waitFor();
    const summary = page.locator("article.question summary").first();
    await summary.click();
    expect(await page.locator("article.question details[open] .answer").count()).toBeGreaterThan(0);
    expect(await page.locator("math").count()).toBeGreaterThan(0);
    const box = await page.locator("main").boundingBox();
    expect(box?.width).toBeLessThanOrEqual(360);
  });
});

async function reportOf(home: RunHome, selection: ReportSelection, file: string): Promise<void> {
  const env = { RZERO_HOME: home.home, XDG_CACHE_HOME: join(home.home, "cache"), XDG_RUNTIME_DIR: home.home };
  const run = await readRun(home.directory);
  const index = new RunIndex({ runDir: home.directory, domain: run.config.domain, env });
  try {
    const { signal } = new AbortController();
    await writeReport({ runDir: home.directory, run }, selection, file, { env, index, signal });
  } finally {
    await index.close();
  }
}

async function lastQuestions(home: RunHome, count: number): Promise<string[]> {
  const env = { XDG_CACHE_HOME: join(home.home, "cache") };
  const index = new RunIndex({ runDir: home.directory, domain: "sort", env });
  try {
    const sort = { by: "order", descending: true } as const;
    const page = await index.questions({ filter: {}, sort, limit: count }, { waitMs: 60_000 });
    return page.rows.map(({ id }) => id);
  } finally {
    await index.close();
  }
}

/** The page of a file, and everything that must not happen on it. */
async function opened(file: string, colorScheme: "light" | "dark" = "light", bypassCSP = false) {
  const context = await browser.newContext({ colorScheme, bypassCSP, viewport: { width: 1280, height: 800 } });
  onTestFinished(() => context.close());
  const page: Page = await context.newPage();
  const incidents: string[] = [];
  const url = pathToFileURL(file).href;
  page.on("dialog", (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => incidents.push(`error: ${error.message}`));
  page.on("console", (message) => incidents.push(`console: ${message.text()}`));
  page.on("framenavigated", (frame) => frame.url() === url || incidents.push(`navigation: ${frame.url()}`));
  context.on("page", (other) => other === page || incidents.push(`window: ${other.url()}`));
  context.on("request", (request) => request.url() === url || incidents.push(`request: ${request.url()}`));
  await page.exposeBinding("tellIncident", (_, what: string) => incidents.push(what));
  await page.addInitScript(watchPolicy);
  await page.goto(url);
  return { page, incidents };
}

// What follows runs in the page.

function watchPolicy(): void {
  const world = globalThis as unknown as {
    document: { addEventListener(name: string, listener: (event: Record<string, unknown>) => void): void };
    tellIncident(what: string): void;
  };
  world.document.addEventListener("securitypolicyviolation", (event) =>
    world.tellIncident(`policy: ${event["violatedDirective"]} ${event["blockedURI"]} ${event["sample"]}`),
  );
}

function openAll(): void {
  const { document } = globalThis as unknown as {
    document: { querySelectorAll(selector: string): Iterable<{ open: boolean }> };
  };
  for (const details of document.querySelectorAll("details")) details.open = true;
}

function look() {
  interface PageElement {
    readonly localName: string;
    readonly namespaceURI: string;
    readonly textContent: string;
    readonly className: unknown;
    readonly attributes: Iterable<{ name: string; value: string }>;
    readonly scrollWidth: number;
    readonly clientWidth: number;
    querySelectorAll(selector: string): Iterable<PageElement>;
    closest(selector: string): PageElement | null;
    getBoundingClientRect(): {
      readonly left: number;
      readonly right: number;
      readonly top: number;
      readonly bottom: number;
    };
  }
  const { document } = globalThis as unknown as {
    document: PageElement & { documentElement: PageElement; body: PageElement };
  };
  const hiddenCharacters = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0\u2800]/u;
  const html = new Set(
    "html head meta title style body header nav main section article figure footer h1 h2 h3 h4 h5 p div span strong bdi a ul li dl dt dd details summary table caption thead tbody tr th td".split(
      " ",
    ),
  );
  const svg = new Set("svg line rect circle polyline text".split(" "));
  const math = new Set(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle mpadded menclose".split(
      " ",
    ),
  );
  const hidden: string[] = [];
  const elements: string[] = [];
  const attributes: string[] = [];
  const outside: string[] = [];
  for (const node of document.querySelectorAll("*")) {
    const known = node.namespaceURI.endsWith("MathML") ? math : node.namespaceURI.endsWith("svg") ? svg : html;
    if (!known.has(node.localName)) elements.push(node.localName);
    for (const { name, value } of node.attributes) {
      if (/^on|^src|^xlink|^style$|^ping$|^action$|^target$/.test(name) || (name === "href" && !value.startsWith("#")))
        attributes.push(`${node.localName} ${name}`);
      if (hiddenCharacters.test(value)) hidden.push(`${node.localName} ${name}`);
    }
  }
  for (const place of document.querySelectorAll("body, title"))
    if (hiddenCharacters.test(place.textContent.replace(/[\u2061-\u2064]/g, ""))) hidden.push("text");
  for (const article of document.querySelectorAll("article.question")) {
    const frame = article.getBoundingClientRect();
    for (const text of article.querySelectorAll(".model-text, dd, dt, summary, li")) {
      const box = text.getBoundingClientRect();
      if (
        box.right > frame.right + 1 ||
        box.left < frame.left - 1 ||
        box.top < frame.top - 1 ||
        box.bottom > frame.bottom + 1
      )
        outside.push(
          `${text.localName} ${String(text.className)} ${box.left} ${box.right} ${text.textContent.slice(0, 60)}`,
        );
    }
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  return { hidden, elements, attributes, outside, scrolls: scrollWidth > clientWidth + 1 };
}
