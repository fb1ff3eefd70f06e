import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { sshdMissing } from "../support/sshd.ts";
import { pictureOnFailure } from "./support/evidence.ts";
import { openPreset } from "./support/launch.ts";
import { type DeskAndNode, deskAndNode } from "./support/node.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const missing = shared.missing ?? sshdMissing();
const LIMIT_MS = 120_000;
const line = /^demo, /;

describe.skipIf(missing !== null)(
  `a run from its launch to its download, with the keyboard alone${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let node: DeskAndNode;
    let code: Workbench;
    let run: string;

    beforeAll(async () => {
      node = await deskAndNode(shared);
      code = await node.desk.open({ watchPointer: true });
    });
    afterAll(() => node?.remove());

    const keys = () => code.page.keyboard;
    const chart = () => code.panel().getByRole("group", { name: /Audit accuracy/ });
    const rows = () => chart().locator("tbody tr").allInnerTexts();
    /** Presses Tab until a control of this name has the keyboard in the panel, of the audits' chart where that is meant. */
    const tabTo = async (name: RegExp, within?: "chart") => {
      await code.command("View: Focus Active Editor Group");
      const focused = within === "chart" ? chart().locator(":focus") : code.panel().locator(":focus");
      for (let stops = 0; stops < 80; stops++) {
        await keys().press("Tab");
        if ((await focused.count()) > 0 && name.test(await focused.first().ariaSnapshot())) return;
      }
      throw new Error(`Tab does not lead to ${name}.`);
    };

    test("a preset becomes a run.yaml; a mistake in it is found by keys, mended, and the run started", async () => {
      pictureOnFailure(() => code);
      await openPreset(code, { host: "node", preset: "demo", limitMs: LIMIT_MS });
      await keys().press("Control+f");
      await code.page.locator(".find-widget.visible textarea:focus").waitFor();
      await keys().type("iterations:");
      await keys().press("Escape");
      await keys().type("itertions:");
      await code.page.locator(".squiggly-error").first().waitFor();
      await code.command("R-Zero: Start This Run");
      await code
        .notification(/Line \d+: .*itertions/)
        .first()
        .waitFor();
      await code.command("Go to Next Problem in Files");
      await code.page
        .locator(".marker-widget")
        .getByText(/itertions/)
        .first()
        .waitFor();
      await keys().press("Escape");
      await keys().press("Control+Shift+ArrowRight");
      await keys().type("iterations");
      await code.page.locator(".squiggly-error").first().waitFor({ state: "hidden" });
      await code.command("R-Zero: Start This Run");
      expect(await code.confirmByKey("Start")).toMatch(/Start demo on node\?[\s\S]*Iterations: 3/);
      await code.line(/^demo, iteration \d/).waitFor({ timeout: LIMIT_MS });
      const { runs } = JSON.parse(await node.rzero("list", "--json")) as { runs: { id: string }[] };
      run = runs[0]?.id ?? "";
    });

    test("its log opens from the menu of its line, is held and goes on", async () => {
      pictureOnFailure(() => code);
      await code.fromMenu(line, "Follow Logs");
      await expect.poll(() => code.terminalText(), { timeout: LIMIT_MS, interval: 500 }).toContain("enginereadyat");
      const remarks = () => code.page.locator(".terminal-wrapper.active .xterm-rows").innerText();
      await keys().press("Space");
      await expect.poll(remarks).toContain("Paused");
      await keys().press("Space");
      await expect.poll(remarks).toContain("Going on");
    });

    test("its charts open; every control of theirs is reached, has a name and shows that it has the keyboard", async () => {
      pictureOnFailure(() => code);
      await code.fromMenu(line, "Open Charts");
      await expect.poll(() => code.inked(chart().locator("canvas")), { timeout: LIMIT_MS, interval: 500 }).toBe(true);
      const stops = await code.panelTabStops(40);
      expect(stops.length).toBeGreaterThan(10);
      expect(stops.filter(({ name, role, seen }) => name === "" || role === "" || !seen)).toEqual([]);
      await tabTo(/Audit accuracy/, "chart");
    });

    test("it is paused, resumed and stopped from its menu", async () => {
      pictureOnFailure(() => code);
      await expect
        .poll(async () => (await node.rzero("show", run)).includes("audit"), { timeout: LIMIT_MS })
        .toBe(true);
      await code.fromMenu(line, "Pause Run");
      await code.line(/^demo, paused/).waitFor({ timeout: LIMIT_MS });
      await code.fromMenu(line, "Resume Run");
      await code.line(/^demo, iteration \d/).waitFor({ timeout: LIMIT_MS });
      await code.fromMenu(line, "Stop Run");
      await code.line(/^demo, stopped/).waitFor({ timeout: LIMIT_MS });
    });

    test("it is downloaded and opened as a run of this machine", async () => {
      pictureOnFailure(() => code);
      await code.fromMenu(line, "Download Run");
      await code.pick("Without checkpoints");
      await code
        .notification(/is on this machine now/)
        .first()
        .waitFor({ timeout: LIMIT_MS });
      expect(await readFile(path.join(node.desk.rzeroHome, "runs", run, "downloaded.json"), "utf8")).toContain("node");
      await expect.poll(() => code.line(line).count(), { timeout: LIMIT_MS }).toBe(2);
      await code.fromMenu(line, "Open Charts", /^This machine/);
      await chart().waitFor();
      await tabTo(/Show as Table/, "chart");
      await keys().press("Enter");
      await expect.poll(async () => (await rows()).length).toBeGreaterThan(0);
    });

    test("its questions are walked through and one is opened", async () => {
      pictureOnFailure(() => code);
      await code.fromMenu(line, "Inspect Questions", /^This machine/);
      await code.panel().getByText("sort ").first().waitFor({ timeout: LIMIT_MS });
      const stops = await code.panelTabStops(40);
      expect(stops.filter(({ name, role, seen }) => name === "" || role === "" || !seen)).toEqual([]);
      await tabTo(/^- grid/);
      await keys().press("ArrowDown");
      await keys().press("ArrowDown");
      await keys().press("Enter");
      await code.panel().getByText("Lineage").first().waitFor();
    });

    test("nothing of all this took a mouse, a pen or a finger", async () => {
      expect(await code.pointerEvents()).toEqual([]);
    });
  },
);
