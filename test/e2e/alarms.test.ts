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
const AGAIN = "20261122-143100-alarmed-bbbb";

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
    const height = code.page.viewportSize()?.height ?? 0;
    const isInView = async () => {
      const box = (await chart.count()) === 0 ? null : await chart.boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= height;
    };
    await expect.poll(isInView, { timeout: 60_000 }).toBe(true);
  });

  test("is told once: not again in a window that is opened later", async () => {
    pictureOnFailure(() => code);
    await code.stored();
    await code.reload();
    await code.line(/1 alarm/).waitFor({ timeout: 120_000 });
    await code.page.waitForTimeout(3000);
    expect(await code.notification(/Entropy collapses/).count()).toBe(0);
  });

  test("is told in one of two windows that hear of it at the same time", async () => {
    const windows = [code, await desk.open()];
    pictureOnFailure(() => windows[1] ?? code);
    await windows[1]?.showRuns();
    await windows[1]?.line(/1 alarm/).waitFor({ timeout: 120_000 });
    const bodies = recordsOf(chartRun).records.map(({ v: _v, seq: _seq, epoch: _epoch, t: _t, ...body }) => body);
    const again = { ...collapse, episode: "entropyCollapse:solver:2" };
    await writeRun(desk.rzeroHome, AGAIN, [...bodies, again, state("stopped", collapse.message, "Fork it.")]);
    // Each window asks for its list every ten seconds; a notification goes by itself after some.
    const told = new Set<number>();
    const look = async () => {
      for (const [i, window] of windows.entries())
        if ((await window.notification(/Entropy collapses/).count()) > 0) told.add(i);
    };
    const heard = async () => {
      await look();
      const lines = await Promise.all(windows.map((window) => window.line(/1 alarm/).count()));
      return { isTold: told.size > 0, lines };
    };
    await expect.poll(heard, { timeout: 120_000, interval: 250 }).toEqual({ isTold: true, lines: [2, 2] });
    // Both know of it. What the other one says of it would be seen by now or soon.
    for (const until = Date.now() + 15_000; Date.now() < until; ) {
      await look();
      await code.page.waitForTimeout(250);
    }
    expect(told.size).toBe(1);
  });
});
