import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { chartRun, recordsOf } from "../support/chartRun.ts";
import { writeRun } from "../unit/cli/support.ts";
import { type Desk, newDesk } from "./support/desk.ts";
import { pictureOnFailure } from "./support/evidence.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const { missing } = shared;
const RUN = "20261122-143000-charts-aaaa";

describe.skipIf(missing !== null)(`charts in VS Code${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let desk: Desk;
  let code: Workbench;
  const chart = (id: string) => code.panel().locator(`[data-chart="${id}"]`);

  beforeAll(async () => {
    desk = await newDesk(shared);
    // The journal gives each record its number and time itself.
    const bodies = recordsOf(chartRun).records.map(({ v: _v, seq: _seq, epoch: _epoch, t: _t, ...body }) => body);
    await writeRun(desk.rzeroHome, RUN, bodies);
    code = await desk.open();
    await code.showRuns();
    await code.command("R-Zero: Add Host");
    await code.pick("This machine");
    await code.listed();
  });
  afterAll(() => desk?.remove());

  test("a run's charts are drawn from what its agent tells", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Open Charts");
    await code.pick(RUN);
    await chart("solverReward")
      .locator(".value")
      .getByText(/^0\.\d+$/)
      .waitFor();
    await chart("audit").getByText("81.5 %").waitFor();
    await chart("shares").waitFor();
    expect(
      await code
        .panel()
        .getByText(/Not measured here/)
        .first()
        .textContent(),
    ).toMatch(/GPU|length|second/);
  });

  test("they come back, with their figures, after the window was reloaded", async () => {
    pictureOnFailure(() => code);
    await code.stored();
    await code.reload();
    await chart("solverReward")
      .locator(".value")
      .getByText(/^0\.\d+$/)
      .waitFor({ timeout: 120_000 });
    await chart("audit").getByText("81.5 %").waitFor();
  });
});
