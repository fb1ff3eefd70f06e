import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Desk, newDesk } from "./support/desk.ts";
import { pictureOnFailure } from "./support/evidence.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const { missing } = shared;

describe.skipIf(missing !== null)(
  `the packaged extension in VS Code${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let desk: Desk;
    let code: Workbench;

    beforeAll(async () => {
      desk = await newDesk(shared);
      code = await desk.open();
    });
    afterAll(() => desk?.remove());

    test("shows what can be done while there is no host", async () => {
      pictureOnFailure(() => code);
      await code.showRuns();
      const welcome = code.page.locator(".welcome-view-content");
      await welcome.getByText("Runs appear here").waitFor();
      for (const name of ["Add Host", "Check a Host", "Run the Demo"])
        expect(await welcome.getByRole("button", { name }).isVisible()).toBe(true);
    });

    test("connects this machine with the agent that comes in the package", async () => {
      pictureOnFailure(() => code);
      await code.command("R-Zero: Add Host");
      await code.pick("This machine");
      await code.line(/^This machine/).waitFor({ timeout: 60_000 });
      await code.page.locator(".codicon-vm-active").waitFor({ timeout: 120_000 });
    });
  },
);
