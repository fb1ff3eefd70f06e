import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { collapse } from "../support/alarmRecord.ts";
import { chartRun, recordsOf } from "../support/chartRun.ts";
import { state, writeRun } from "../unit/cli/support.ts";
import { type Desk, newDesk } from "./support/desk.ts";
import { pictureOnFailure } from "./support/evidence.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const { missing } = shared;
const RUN = "20261122-143000-alarmed-aaaa";

describe.skipIf(missing !== null)(`alarms in VS Code${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let desk: Desk;
  let code: Workbench;

  beforeAll(async () => {
    desk = await newDesk(shared);
    const bodies = recordsOf(chartRun).records.map(({ v: _v, seq: _seq, epoch: _epoch, t: _t, ...body }) => body);
    const ends = [collapse, state("stopped", collapse.message, "Fork it, or resume it.")];
    await writeRun(desk.rzeroHome, RUN, [...bodies, ...ends]);
    code = await desk.open();
    await code.showRuns();
    await code.command("R-Zero: Add Host");
    await code.pick("This machine");
  });
  afterAll(() => desk?.remove());

  test("one that stopped a run while nobody looked is told, with its explanation", async () => {
    pictureOnFailure(() => code);
    const toast = code.notification(/Entropy collapses.*after 0\.412 in its first steps.*The run is stopped/).first();
    await toast.waitFor({ timeout: 120_000 });
    await toast.getByRole("button", { name: "Details" }).click();
    const details = code.page.locator(".monaco-editor .view-lines");
    await details.getByText("What it means, and what to do").waitFor();
    await details.getByText("nearly certain of every token").waitFor();
  });

  test("its line leads to the chart that shows it", async () => {
    pictureOnFailure(() => code);
    await code
      .line(/1 alarm/)
      .locator(".monaco-tl-twistie")
      .click();
    await code.line(/^Entropy collapses, Iteration 3, solver, step 17/).click();
    await code.pick("Open Charts");
    const chart = code.panel().locator('[data-chart="solver.entropy"]');
    await chart.and(code.panel().locator(".sought")).waitFor({ timeout: 60_000 });
    const box = await chart.boundingBox();
    const height = code.page.viewportSize()?.height ?? 0;
    expect(box?.y).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
  });

  test("is told once: not again in a window that is opened later", async () => {
    pictureOnFailure(() => code);
    await code.reload();
    await code.line(/1 alarm/).waitFor({ timeout: 120_000 });
    await code.page.waitForTimeout(3000);
    expect(await code.notification(/Entropy collapses/).count()).toBe(0);
  });

  test("is told in one of two windows that hear of it at the same time", async () => {
    const again = { ...collapse, episode: "entropyCollapse:solver:2" };
    const both = [code, await desk.open()];
    pictureOnFailure(() => both[1] as Workbench);
    await both[1]?.showRuns();
    await both[1]?.line(/1 alarm/).waitFor({ timeout: 120_000 });
    const bodies = recordsOf(chartRun).records.map(({ v: _v, seq: _seq, epoch: _epoch, t: _t, ...body }) => body);
    await writeRun(desk.rzeroHome, `${RUN}-again`, [...bodies, again, state("stopped", collapse.message, "Fork it.")]);
    const toasts = async () =>
      (await Promise.all(both.map((window) => window.notification(/Entropy collapses/).count()))).reduce(
        (a, b) => a + b,
      );
    await expect.poll(toasts, { timeout: 60_000 }).toBe(1);
    // The other window asks for its list within ten seconds.
    for (const window of both)
      await window
        .line(new RegExp(`${RUN}-again|1 alarm`))
        .first()
        .waitFor();
    await code.page.waitForTimeout(15_000);
    expect(await toasts()).toBe(1);
  });
});
