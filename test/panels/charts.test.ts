import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { chartsContract, type Figures } from "../../src/panels/charts/messages.ts";
import { findChromium } from "../e2e/support/chromium.ts";
import { chartRun, chartSeries } from "../support/chartRun.ts";
import { axeSource, builtPanels, OUTSIDE } from "../support/panelPage.ts";
import { themeNames } from "../support/themes.ts";
import { chartsHost, figuresOf, fresh, status, words } from "./support/chartsHost.ts";
import { openPanelBrowser, type PanelBrowser } from "./support/panelBrowser.ts";

const missing = missingBrowser();
const one = [{ status: status("local/a"), size: chartRun }];
const three = ["a", "b", "c"].map((key, i) => ({
  status: status(`local/${key}`, { name: `run ${key}` }),
  size: { ...chartRun, seed: i + 1, iterations: 2 + i },
}));

test("each page is at most 600 KiB, and asks nobody for anything", async () => {
  for (const [name, contents] of await builtPanels(true)) {
    if (name.endsWith(".js")) expect(contents.length, name).toBeLessThanOrEqual(600 * 1024);
    if (name.endsWith(".css"))
      expect(Buffer.from(contents).toString(), name).not.toMatch(/@import|url\(["']?(https?:|\/\/)/);
  }
});

describe.skipIf(missing !== null)(`the Charts page${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let browser: PanelBrowser;
  let axe = "";
  beforeAll(async () => {
    browser = await openPanelBrowser();
    axe = await axeSource();
  });
  afterAll(() => browser?.close());

  const opened = async (
    runs: Parameters<typeof chartsHost>[0],
    options: Partial<Parameters<PanelBrowser["open"]>[0]> & { state?: typeof fresh } = {},
  ) => {
    const { host, asked, states } = chartsHost(runs);
    const common = { name: "charts", contract: chartsContract, words, state: fresh };
    const open = await browser.open({ ...common, ...options, host: host as never });
    onTestFinished(() => open.page.context().close());
    return { ...open, asked, states };
  };
  const violations = async (page: Page) => {
    await page.evaluate(axe);
    const found = (await page.evaluate(
      "axe.run({ resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })",
    )) as {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  };
  const chart = (page: Page, id: string) => page.locator(`[data-chart="${id}"]`);
  /** A chart that is in view and painted: its legend has values, its canvas has its size, its cursor a curve to go along. */
  const drawn = async (page: Page, id: string) => {
    await chart(page, id).locator(".value").first().waitFor();
    return chart(page, id);
  };

  test.each(themeNames)("has no violation that axe finds, and nothing to complain of: %s", async (theme) => {
    const state = { ...fresh, tables: ["solverReward"], log: ["challenger.kl"] };
    const { page, complaints } = await opened(three, { theme, state });
    await chart(page, "challengerReward").locator("canvas").waitFor();
    await page.waitForTimeout(300);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("a chart that was asked for is brought into view and marked, once", async () => {
    const { page, states } = await opened(one, { state: { ...fresh, chart: "solver.entropy", scroll: 10 } });
    await page.locator('[data-chart="solver.entropy"].sought').waitFor();
    const box = await chart(page, "solver.entropy").boundingBox(); // the mark goes after some seconds, the place stays
    expect(box?.y).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(page.viewportSize()?.height ?? 0);
    await expect.poll(() => states.at(-1)?.chart).toBeNull();
  });

  test("empty, loading, cut off, broken and not connected say so, each without a violation", async () => {
    // Seconds pass between here and there: of two hours that is not to be seen.
    const lastHeard = Date.now() - 2 * 3_600_000 - 60_000;
    const cut = status("local/a", { link: { kind: "waiting", lastHeard, why: "Reset." } });
    const states: [Parameters<typeof chartsHost>[0], RegExp][] = [
      [[], /noRuns/],
      [[{ status: status("local/a"), size: null }], /loading/],
      [[{ status: cut, size: chartRun }], /gpu-node is cut off, figures of 2 hours ago Reset\./],
      [
        [{ status: { ...cut, link: { kind: "idle", lastHeard: null, why: null } }, size: null }],
        /gpu-node is not connected/,
      ],
      [[{ status: status("local/a", { problem: "The journal is damaged." }), size: chartRun }], /journal is damaged/],
      [[{ status: status("local/a", { behind: 5 * 2 ** 20 }), size: chartRun }], /reading r-zero: 5\.0 MiB/],
    ];
    for (const [runs, text] of states) {
      const { page } = await opened(runs);
      await page.getByText(text).first().waitFor();
      expect(await violations(page)).toEqual([]);
    }
  });

  test("what somebody named a run, a host or an error is shown as text", async () => {
    const hostile = `<img src=x onerror="document.title='taken'"><script>1</script>`;
    const runs = [
      { status: status("local/a", { name: hostile, host: hostile, problem: hostile }), size: chartRun },
      { status: status("local/b", { name: `‮${hostile}` }), size: chartRun },
    ];
    const { page, complaints } = await opened(runs);
    await page.getByText(hostile).first().waitFor();
    expect(await page.locator("img, #root script").count()).toBe(0);
    expect(await page.title()).toBe("charts");
    expect(complaints).toEqual([]);
  });

  test("what a run has not come to yet is told apart from what it does not measure", async () => {
    const early = { ...chartRun, iterations: 1, challengerSteps: 0, solverSteps: 0, gpus: 0 };
    for (const [state, expected] of [
      ["running", [/^not yet: .*validity/, /^not measured: .*gpu/]],
      ["completed", [/^not measured: .*validity/, /^not measured: .*gpu/]],
    ] as const) {
      const { page } = await opened([{ status: status("local/a", { state }), size: early }]);
      await chart(page, "audit").waitFor();
      const said = await page.locator("p.missing").allTextContents();
      for (const sentence of expected) expect(said).toContainEqual(expect.stringMatching(sentence));
    }
  });

  test("zooming asks for finer points of what can be seen, and shows them", async () => {
    const long = [{ status: status("local/a"), size: { ...chartRun, solverSteps: 1500 } }];
    const { page, asked } = await opened(long);
    const view = await drawn(page, "solverReward");
    await view.getByText(/ of 4500 points/).waitFor();
    const box = (await view.locator("canvas").boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 140, box.y + 70, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => asked.filter(({ method }) => method === "finer").length).toBe(1);
    const finer = asked.find(({ method }) => method === "finer")?.params as { from: number; to: number };
    expect(finer.to - finer.from).toBeGreaterThan(200);
    expect(finer.to - finer.from).toBeLessThan(1500);
    await expect.poll(() => view.getByText(/ points/).isVisible()).toBe(false);
    expect(asked.filter(({ method }) => method === "rollouts")).toEqual([]);
    await view.getByRole("button", { name: "resetZoom" }).click();
    await view.getByText(/ of 4500 points/).waitFor();
  });

  test("a click on a point asks for the rollouts of its step", async () => {
    const { page, asked } = await opened(one);
    const box = (await (await drawn(page, "solverReward")).locator("canvas").boundingBox())!;
    await page.mouse.click(box.x + box.width - 40, box.y + 60);
    await expect
      .poll(() => asked.find(({ method }) => method === "rollouts")?.params)
      .toMatchObject({ run: "local/a", iteration: 3, stage: "solver", step: expect.any(Number) });
    const params = asked.find(({ method }) => method === "rollouts")?.params;
    expect(params).toHaveProperty(
      "step",
      expect.toSatisfy((step: number) => step > 20 && step < 40),
    );
  });

  test("everything can be done by keyboard: along the curve, its rollouts, zoom", async () => {
    const { page, asked } = await opened(one);
    const cursor = (await drawn(page, "solverReward")).getByRole("slider");
    await cursor.focus();
    await page.keyboard.press("Home");
    await expect
      .poll(() => cursor.getAttribute("aria-valuetext"))
      .toMatch(/^step 1 \(iteration 1, step 1\), reward 0\./);
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => cursor.getAttribute("aria-valuetext")).toMatch(/^step 12 /);
    await page.keyboard.press("Enter");
    await expect
      .poll(() => asked.at(-1))
      .toEqual({
        method: "rollouts",
        params: { run: "local/a", iteration: 1, stage: "solver", step: 12 },
      });
    await page.keyboard.press("+");
    const reset = chart(page, "solverReward").getByRole("button", { name: "resetZoom" });
    await reset.waitFor();
    await page.keyboard.press("Escape");
    await reset.waitFor({ state: "hidden" });
  });

  test("charts with the same x look at the same place", async () => {
    const { page } = await opened(one, { height: 3000 });
    const value = chart(page, "solver.kl").locator(".value");
    await value.first().waitFor();
    const before = await value.textContent();
    await chart(page, "solverReward")
      .locator("canvas")
      .hover({ position: { x: 90, y: 60 } });
    await expect.poll(() => value.textContent()).not.toBe(before);
    await expect.poll(() => chart(page, "challenger.kl").locator(".crosshair").isVisible()).toBe(false);
    expect(await chart(page, "solver.kl").locator(".crosshair").isVisible()).toBe(true);
  });

  test("the table has the figures of the curves, and is kept with the place in the state", async () => {
    const { page, states } = await opened(one);
    await chart(page, "audit").hover();
    await chart(page, "audit").getByRole("button", { name: "table", exact: true }).click();
    const table = page.getByRole("table", { name: "table of audit" });
    await table.waitFor();
    expect(await table.locator("tbody tr").count()).toBe(4);
    expect(await table.locator("tbody tr").nth(1).textContent()).toBe("156.0 %75.0 %80.5 %30.0 %");
    await expect.poll(() => states.at(-1)?.tables).toEqual(["audit"]);
  });

  test("saves a picture and a table of what a chart shows", async () => {
    const { page, asked } = await opened(one);
    await chart(page, "audit").hover();
    const saved = async (button: string) => {
      const before = asked.length;
      await chart(page, "audit").getByRole("button", { name: button }).click();
      await expect.poll(() => asked.slice(before).find(({ method }) => method === "save")).toBeTruthy();
      return asked.slice(before).find(({ method }) => method === "save")?.params as { kind: string; bytes: Uint8Array };
    };
    const png = await saved("savePng");
    expect([png.kind, Buffer.from(png.bytes.subarray(1, 4)).toString()]).toEqual(["png", "PNG"]);
    const csv = await saved("saveCsv");
    const lines = Buffer.from(csv.bytes).toString().trim().split("\n");
    expect(lines[0]).toBe('"run","series","iteration","value"');
    expect(lines.length).toBe(1 + 4 * 4);
  });

  test("what could not be done is said", async () => {
    const { host } = chartsHost(one);
    const failing = (end: Parameters<typeof host>[0]) => {
      const ports = host(end);
      const save = () => Promise.reject(new Error("The disk is full."));
      return { ...ports, handlers: { ...ports.handlers, save } };
    };
    const common = { name: "charts", contract: chartsContract, words, state: fresh };
    const { page } = await browser.open({ ...common, host: failing });
    onTestFinished(() => page.context().close());
    await chart(page, "audit").hover();
    await chart(page, "audit").getByRole("button", { name: "savePng" }).click();
    await page.getByText("The disk is full.").waitFor();
  });

  test("what comes is added without moving anything, and the focus stays where it is", async () => {
    const { page, end } = await opened(one);
    const view = await drawn(page, "solverReward");
    await view.getByRole("slider").focus();
    const before = await view.boundingBox();
    end.send("figures", oneMore("solver/reward", 9.5));
    await view.getByText("9.5", { exact: true }).waitFor();
    expect(await view.boundingBox()).toEqual(before);
    expect(await page.evaluate("document.activeElement?.getAttribute('role')")).toBe("slider");
  });

  test("what comes while the person looks at a step leaves them the values of that step", async () => {
    const { page, end } = await opened(one);
    const view = await drawn(page, "solverReward");
    const cursor = view.getByRole("slider");
    await cursor.focus();
    await page.keyboard.press("Home");
    const value = view.locator(".value");
    const looked = () => cursor.getAttribute("aria-valuetext");
    await expect.poll(looked).toMatch(/^step 1 /);
    const before = await value.textContent();
    const points = Number(await cursor.getAttribute("aria-valuemax"));
    end.send("figures", oneMore("solver/reward", 9.5));
    await expect.poll(() => cursor.getAttribute("aria-valuemax")).toBe(String(points + 1)); // it is drawn
    expect([await value.textContent(), await looked()]).toEqual([before, expect.stringMatching(/^step 1 /)]);
    await page.keyboard.press("End");
    await expect.poll(() => value.textContent()).toBe("9.5");
  });

  describe("while somebody types elsewhere in the window", () => {
    /** A run of which more is measured than at first: charts are laid anew, and what had the focus lies in another place. */
    const growing = async () => {
      const run = { status: status("local/a"), size: { ...chartRun, iterations: 0 } };
      const { page, frame, end, asked } = await opened([run], { framed: true });
      const cursor = frame.locator('[data-chart="audit"]').getByRole("slider");
      await cursor.focus();
      await page.locator(OUTSIDE).focus();
      run.size = chartRun;
      const watched = asked.findLast(({ method }) => method === "watch")?.params as { names: string[] };
      end.send("figures", figuresOf("local/a", chartSeries(chartRun, watched)));
      await frame.locator('[data-chart="solverReward"]').waitFor();
      const focused = () => frame.evaluate("[document.hasFocus(), document.activeElement?.getAttribute('role')]");
      const outside = () => page.evaluate("document.activeElement?.id");
      return { page, frame, focused, outside };
    };

    test("charts that come leave the keyboard there; who comes back is where they were", async () => {
      const { page, frame, focused, outside } = await growing();
      await page.keyboard.type("typed");
      expect(await page.locator(OUTSIDE).inputValue()).toBe("typed");
      expect(await outside()).toBe("outside");
      expect(await focused()).toEqual([false, null]);
      await frame.evaluate("window.focus()");
      await expect.poll(focused).toEqual([true, "slider"]);
    });

    test("who comes back by a click has the focus where they clicked", async () => {
      const { page, frame } = await growing();
      const button = frame.getByRole("button", { name: "chooseRuns" });
      await button.click();
      const named = "document.activeElement?.textContent.trim()";
      await expect.poll(() => frame.evaluate(named)).toBe("chooseRuns");
      await page.locator(OUTSIDE).focus();
      await frame.evaluate("window.focus()");
      await expect.poll(() => frame.evaluate(named)).toBe("chooseRuns");
    });
  });

  test("where motion is to be reduced nothing turns", async () => {
    const { page } = await opened([{ status: status("local/a"), size: null }], { reducedMotion: true });
    await page.getByRole("progressbar", { name: "loading" }).waitFor();
    expect(await page.evaluate("document.getAnimations({ subtree: true }).length")).toBe(0);
  });

  test("takes another theme's colours while it is open", async () => {
    const { page, setTheme } = await opened(one);
    const swatch = chart(page, "solverReward").locator(".swatch line");
    await swatch.waitFor({ state: "attached" });
    const before = await swatch.getAttribute("stroke");
    await setTheme("light");
    await expect.poll(() => swatch.getAttribute("stroke")).not.toBe(before);
  });
});

/** Figures that come later: the next point of a line. */
function oneMore(name: string, y: number): Figures {
  const told = figuresOf("local/a", chartSeries({ ...chartRun, solverSteps: 41 }, { names: [name] }));
  const [line] = told.lines;
  if (line === undefined) throw new Error("no line");
  const added = { ...line, total: 1, x: Float64Array.of(121), y: Float64Array.of(y) };
  return { ...told, reset: false, lines: [added] };
}

function missingBrowser(): string | null {
  try {
    findChromium();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
