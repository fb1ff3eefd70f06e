import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { sshdMissing } from "../support/sshd.ts";
import { pictureOnFailure, shown } from "./support/evidence.ts";
import { type DeskAndNode, deskAndNode } from "./support/node.ts";
import { readmePictures } from "./support/readmePictures.ts";
import { shownRun } from "./support/size.ts";
import type { Workbench } from "./support/workbench.ts";

const shared = inject("e2e");
const missing = shared.missing ?? sshdMissing();
const LIMIT_MS = 120_000;
const { name, iterations, cutMs, wholeMs } = shownRun;
const line = new RegExp(`^${name}, `);
const atWork = new RegExp(`^${name}, iteration \\d`);

describe.skipIf(missing !== null)(`a run on a node${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let node: DeskAndNode;
  let code: Workbench;
  let run: string;
  /** The audits' chart as a table, as it was last seen. */
  let audits: string[] = [];

  beforeAll(async () => {
    node = await deskAndNode(shared);
    const yaml = shownRun.yaml.replace(/^iterations:/m, "itertions:");
    await writeFile(path.join(node.desk.home, `work/${name}.run.yaml`), yaml);
    code = await node.desk.open();
  });
  afterAll(() => node?.remove());

  const show = async () =>
    JSON.parse(await node.rzero("show", run, "--json")) as {
      live: boolean;
      view: { state: string; metrics: Record<string, Record<string, number>> };
    };
  const connected = () => code.page.locator(".codicon-vm-active").first().waitFor({ timeout: LIMIT_MS });
  const auditChart = () => code.panel().getByRole("group", { name: /Audit accuracy/ });
  const auditRows = async () => {
    const rows = await auditChart().locator("tbody tr").allInnerTexts();
    return rows.map((row) => row.split(/\s+/).slice(0, 2).join(" "));
  };
  const writtenAudits = async () =>
    Object.entries((await show()).view.metrics)
      .filter(([key]) => key.endsWith("/audit"))
      .map(([key, values]) => `${Number.parseInt(key, 10)} ${(100 * (values["mean_at_k"] ?? 0)).toFixed(1)}`);
  /**
   * What is written and what is shown of it; `same` where all that was written before it was looked at is shown, and nothing but what
   * is written: the run goes on writing while a palette or a command line is at work.
   */
  const compared = async (written: () => Promise<string[]>, shown: () => Promise<string[]>) => {
    const before = await written();
    const seen = await shown();
    const after = await written();
    const same = seen.length >= before.length && JSON.stringify(seen) === JSON.stringify(after.slice(0, seen.length));
    return { same, count: seen.length, told: { before, seen, after } };
  };
  /** Each iteration of the journal once in the chart, with its figure; `same`, or both to compare. */
  const charted = async (atLeast: number) => {
    const { same, count, told } = await compared(writtenAudits, auditRows);
    audits = told.seen;
    return same && count >= atLeast ? "same" : told;
  };
  /** Each line of the agent's log once in the terminal, in its order; `same`, or both to compare. */
  const logged = async () => {
    const bare = (text: string) => text.replace(/\s+/g, "");
    const linesOf = (text: string, line: RegExp) =>
      text
        .split("\n")
        .flatMap((own) => line.exec(own)?.[1] ?? [])
        .map(bare);
    const file = path.join(node.root, "runs", run, "logs/agent.log");
    const { same, count, told } = await compared(
      async () => linesOf(await readFile(file, "utf8"), /^\S+ [A-Z]+ agent (.*)$/),
      async () => linesOf(await code.wholeTerminal(), /^\d\d:\d\d:\d\d agent +(.*)$/),
    );
    return same && count > 0 ? "same" : told;
  };

  test("the agent is brought to the host that the person adds", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Add Host");
    await code.pick("node");
    await connected();
  });

  test("a mistake in the run.yaml is marked on its line, and nothing starts until it is mended", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Launch Run");
    await code.pick("node");
    await code.quickPickRow("smollm2").first().waitFor({ timeout: LIMIT_MS }); // the presets are the host's
    await code.pick(`${name}.run.yaml`);
    await code.page.getByText("Start on node").waitFor();
    await code.page.locator(".squiggly-error").first().waitFor();
    await code.command("R-Zero: Start This Run");
    const at = 1 + shownRun.yaml.split("\n").findIndex((text) => text.startsWith("iterations:"));
    await code
      .notification(new RegExp(`Line ${at}: .*itertions`))
      .first()
      .waitFor();
    // The cursor is at the mistake.
    await code.page.keyboard.press("Control+Shift+ArrowRight");
    await code.page.keyboard.type("iterations");
    await code.page.locator(".squiggly-error").first().waitFor({ state: "hidden" });
  });

  test("it is launched: its plan, and yes; the run appears at once, with where it is", async () => {
    pictureOnFailure(() => code);
    await code.command("R-Zero: Start This Run");
    const asked = await code.confirm("Start");
    expect(asked).toContain(`Start ${name} on node?`);
    expect(asked).toContain(`Iterations: ${iterations}`);
    await code.line(line).waitFor({ timeout: LIMIT_MS });
    const { runs } = JSON.parse(await node.rzero("list", "--json")) as { runs: { id: string }[] };
    run = runs[0]?.id ?? "";
    await code.line(atWork).waitFor({ timeout: LIMIT_MS });
  });

  test("its log follows in a terminal and tells what it does", async () => {
    pictureOnFailure(() => code);
    await code.press(line, "Follow Logs");
    await expect
      .poll(() => code.terminalText(), { timeout: LIMIT_MS, interval: 500 })
      .toMatch(/iteration\d+challenger/); // which one is in view then
  });

  test("its charts are painted", async () => {
    pictureOnFailure(() => code);
    await code.press(line, "Open Charts");
    await expect
      .poll(() => code.inked(auditChart().locator("canvas")), { timeout: LIMIT_MS, interval: 500 })
      .toBe(true);
    await shown(code, "while it learns");
    await auditChart().getByRole("button", { name: "Show as Table" }).click();
    await auditChart().locator("tbody tr").first().waitFor();
  });

  test(`a cut wire loses nothing: after ${cutMs / 1000} s the window catches up without gap or repeat`, async () => {
    pictureOnFailure(() => code);
    node.wire.cut();
    await code.line(/^node, cut off/).waitFor({ timeout: LIMIT_MS });
    await node.rzero("pause", run);
    await node.rzero("resume", run);
    await delay(cutMs);
    await shown(code, "cut off");
    node.wire.restore();
    await code.line(atWork).waitFor({ timeout: LIMIT_MS });
    await connected();
    await expect.poll(() => charted(2), { timeout: wholeMs ?? LIMIT_MS, interval: 500 }).toBe("same");
    await expect.poll(logged, { timeout: LIMIT_MS, interval: 1_000 }).toBe("same");
  }, 600_000);

  test("a reloaded window has everything again: host, run, charts and log", async () => {
    pictureOnFailure(() => code);
    await code.stored();
    await code.reload();
    await connected();
    await code.line(line).waitFor({ timeout: LIMIT_MS });
    await auditChart().locator("tbody tr").first().waitFor({ timeout: LIMIT_MS });
    await expect.poll(() => charted(audits.length), { timeout: LIMIT_MS, interval: 500 }).toBe("same");
    await code.page.locator(".terminal-wrapper.active .xterm-rows").waitFor({ timeout: LIMIT_MS });
    await expect.poll(logged, { timeout: LIMIT_MS, interval: 1_000 }).toBe("same");
    await shown(code, "reloaded");
  });

  test("a closed editor is no end: opened again, it shows where the run is now", async () => {
    pictureOnFailure(() => code);
    await node.desk.stop();
    expect(await show()).toMatchObject({ live: true });
    await node.desk.start();
    code = await node.desk.open();
    await code.showRuns();
    await connected();
    await code.line(atWork).waitFor({ timeout: LIMIT_MS });
    await expect.poll(() => charted(audits.length), { timeout: LIMIT_MS, interval: 500 }).toBe("same");
  });

  test("pause, resume and stop reach the run", async () => {
    pictureOnFailure(() => code);
    await code.press(line, "Pause Run");
    await code.line(new RegExp(`^${name}, paused`)).waitFor({ timeout: LIMIT_MS });
    expect(await show()).toMatchObject({ view: { state: "paused" } });
    await code.press(line, "Resume Run");
    await code.line(atWork).waitFor({ timeout: LIMIT_MS });
    await code.press(line, "Stop Run");
    await code.line(new RegExp(`^${name}, stopped`)).waitFor({ timeout: LIMIT_MS });
    expect(await show()).toMatchObject({ live: false, view: { state: "stopped" } });
  });

  if (wholeMs !== null)
    test("what was stopped is resumed, and the run comes to its end", { timeout: wholeMs }, async () => {
      pictureOnFailure(() => code);
      await code.press(line, "Resume Run");
      await code.line(new RegExp(`^${name}, completed`)).waitFor({ timeout: wholeMs });
      await expect.poll(() => charted(iterations + 1), { timeout: LIMIT_MS, interval: 500 }).toBe("same");
      await auditChart().getByRole("button", { name: "Show as Table" }).click(); // the curves again
      await readmePictures(code, { host: "node", run: line });
    });

  test("it is downloaded and is then a run of this machine: its charts, its questions", async () => {
    pictureOnFailure(() => code);
    await code.command("View: Close All Editors");
    await code.command("R-Zero: Download Run");
    await code.pick(name);
    await code.pick("Without checkpoints");
    await code.line(/^This machine/).waitFor({ timeout: LIMIT_MS });
    await code
      .notification(/is on this machine now/)
      .first()
      .waitFor({ timeout: LIMIT_MS });
    expect(await readFile(path.join(node.desk.rzeroHome, "runs", run, "downloaded.json"), "utf8")).toContain("node");
    node.wire.cut(); // from here on only what lies here
    const own = code.page.getByRole("treeitem", { name: line }).last();
    await expect.poll(() => code.line(line).count(), { timeout: LIMIT_MS }).toBe(2);
    await own.hover();
    await own.getByRole("button", { name: "Open Charts" }).click();
    await auditChart().getByRole("button", { name: "Show as Table" }).click();
    await expect.poll(auditRows, { timeout: LIMIT_MS }).toEqual(await writtenAudits());
    await code.command("R-Zero: Inspect Questions");
    await code.pick("This machine");
    await code.panel().getByText("sort ").first().waitFor({ timeout: LIMIT_MS });
    await shown(code, "downloaded");
    node.wire.restore();
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
        await code.pick("This machine");
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
