import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { stringify } from "yaml";
import { smallConfig } from "../support/demoRun.ts";
import { sshdMissing } from "../support/sshd.ts";
import { pictureOnFailure } from "./support/evidence.ts";
import { type DeskAndNode, deskAndNode } from "./support/node.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const missing = shared.missing ?? sshdMissing();
const LIMIT_MS = 120_000;
/** `npm run e2e` takes the time that an outage usually takes. */
const CUT_MS = process.env["RZERO_E2E_FULL"] === "1" ? 20_000 : 4_000;

/** A run of every stage whose iterations take seconds; it ends when it is stopped. */
const runYaml = stringify(
  smallConfig((config) => {
    config.name = "small";
    config.iterations = 40;
  }),
);

describe.skipIf(missing !== null)(`a run on a node${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let node: DeskAndNode;
  let code: Workbench;
  let run: string;

  beforeAll(async () => {
    node = await deskAndNode(shared);
    await writeFile(path.join(node.desk.home, "work/small.run.yaml"), runYaml);
    code = await node.desk.open();
  });
  afterAll(() => node?.remove());

  const show = async () =>
    JSON.parse(await node.rzero("show", run, "--json")) as {
      live: boolean;
      view: { state: string; metrics: Record<string, Record<string, number>> };
    };
  /** The agent's log as the node has it, and as the terminal shows it; both without spaces. */
  const bothLogs = async () => {
    const file = await readFile(path.join(node.root, "runs", run, "logs/agent.log"), "utf8");
    const written = file
      .split("\n")
      .flatMap((line) => /^\S+ [A-Z]+ agent (.*)$/.exec(line)?.[1]?.replace(/\s/g, "") ?? []);
    const entries = (await code.terminalText()).split(/(?=\d\d:\d\d:\d\d(?:agent|engine|telemetry))/);
    const shown = entries.flatMap((entry) => /^\d\d:\d\d:\d\dagent(.*)$/.exec(entry)?.[1] ?? []);
    return { written, shown };
  };

  test("the agent is brought to the host that the person adds", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Add Host");
    await code.pick("node");
    await code.page.locator(".codicon-vm-active").waitFor({ timeout: LIMIT_MS });
  });

  test("a run is launched from the palette: a host, a run.yaml, its plan, and yes", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Launch Run");
    await code.pick("node");
    await code.quickPickRow("smollm2").first().waitFor({ timeout: LIMIT_MS }); // the presets are the host's
    await code.pick("small.run.yaml");
    await code.page.getByText("Start on node").waitFor();
    await code.command("R-Zero: Start This Run");
    expect(await code.confirm("Start")).toMatch(/Start small on node\?[\s\S]*Iterations: 40/);
    await code.line(/^small, /).waitFor({ timeout: LIMIT_MS });
    const { runs } = JSON.parse(await node.rzero("list", "--json")) as { runs: { id: string }[] };
    run = runs[0]?.id ?? "";
    await code.line(/^small, iteration \d/).waitFor({ timeout: LIMIT_MS });
  });

  test("its log follows in a terminal", async () => {
    pictureOnFailure(() => code);
    await code.press(/^small, /, "Follow Logs");
    await expect.poll(() => code.terminalText(), { timeout: LIMIT_MS, interval: 500 }).toContain("enginereadyat");
  });

  test("its charts are painted", async () => {
    pictureOnFailure(() => code);
    await code.press(/^small, /, "Open Charts");
    const audit = code.panel().getByRole("group", { name: /Audit accuracy/ });
    await expect.poll(() => code.inked(audit.locator("canvas")), { timeout: LIMIT_MS, interval: 500 }).toBe(true);
    await audit.getByRole("button", { name: "Show as Table" }).click();
    await audit.locator("tbody tr").first().waitFor();
  });

  test("a cut wire loses nothing: the run goes on, and the window catches up without gap or repeat", async () => {
    pictureOnFailure(() => code);
    node.wire.cut();
    await code.line(/^node, cut off/).waitFor({ timeout: LIMIT_MS });
    await node.rzero("pause", run);
    await node.rzero("resume", run);
    await delay(CUT_MS);
    node.wire.restore();
    await code.line(/^small, iteration \d/).waitFor({ timeout: LIMIT_MS });
    await code.page.locator(".codicon-vm-active").waitFor({ timeout: LIMIT_MS });
    // The chart has each iteration of the journal once, with its figure, and goes on with the run.
    const rows = () =>
      code
        .panel()
        .getByRole("group", { name: /Audit accuracy/ })
        .locator("tbody tr")
        .allInnerTexts();
    const charted = async () => {
      const shown = (await rows()).map((row) => row.split(/\s+/).slice(0, 2).join(" "));
      const audits = Object.entries((await show()).view.metrics).filter(([key]) => key.endsWith("/audit"));
      const written = audits.map(
        ([key, values]) => `${Number.parseInt(key, 10)} ${(100 * (values["mean_at_k"] ?? 0)).toFixed(1)}`,
      );
      return shown.length > 2 && JSON.stringify(shown) === JSON.stringify(written) ? "same" : { written, shown };
    };
    await expect.poll(charted, { timeout: LIMIT_MS, interval: 500 }).toBe("same");
    await code.command("Terminal: Focus Terminal");
    await code.command("View: Toggle Maximized Panel");
    // Every line of the agent's log once, in its order: no gap, no repeat.
    const same = async () => {
      const { written, shown } = await bothLogs();
      return written.length > 0 && JSON.stringify(shown) === JSON.stringify(written) ? "same" : { written, shown };
    };
    await expect.poll(same, { timeout: LIMIT_MS, interval: 1_000 }).toBe("same");
  });

  test("a closed editor is no end: opened again, it shows where the run is now", async () => {
    pictureOnFailure(() => code);
    await node.desk.stop();
    expect(await show()).toMatchObject({ live: true });
    await node.desk.start();
    code = await node.desk.open();
    await code.showRuns();
    await code.line(/^node/).waitFor({ timeout: LIMIT_MS });
    if (!(await code.page.locator(".codicon-vm-active").isVisible())) {
      await code.press(/^node/, "Connect");
    }
    await code.line(/^small, iteration \d/).waitFor({ timeout: LIMIT_MS });
  });

  test("pause, resume and stop reach the run", async () => {
    pictureOnFailure(() => code);
    await code.press(/^small, /, "Pause Run");
    await code.line(/^small, paused/).waitFor({ timeout: LIMIT_MS });
    expect(await show()).toMatchObject({ view: { state: "paused" } });
    await code.press(/^small, /, "Resume Run");
    await code.line(/^small, iteration \d/).waitFor({ timeout: LIMIT_MS });
    await code.press(/^small, /, "Stop Run");
    await code.line(/^small, stopped/).waitFor({ timeout: LIMIT_MS });
    expect(await show()).toMatchObject({ live: false, view: { state: "stopped" } });
  });

  test.each(["Light Modern", "Dark Modern", "Dark High Contrast", "Light High Contrast"])(
    "panels keep the rules of accessibility in %s",
    async (theme) => {
      pictureOnFailure(() => code);
      await code.theme(theme);
      await code.command("View: Close All Editors");
      const terminal = code.page.locator(".part.panel");
      if (await terminal.isVisible()) await code.command("View: Toggle Panel Visibility");
      for (const [command, heading] of panels) {
        await code.command(command);
        await code.pick("small");
        await code.panel().getByText(heading).first().waitFor({ timeout: LIMIT_MS });
        expect(await code.panelViolations()).toEqual([]);
        await code.command("View: Close All Editors");
      }
    },
  );
});

/** A command that opens a panel of a run, and what stands in it. */
const panels = [
  ["R-Zero: Open Charts", "Audit accuracy"],
  ["R-Zero: Inspect Questions", "sort "],
] as const;
