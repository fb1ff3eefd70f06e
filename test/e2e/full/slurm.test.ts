import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Slurm, slurmMissing, startSlurm } from "../../support/slurm.ts";
import { until } from "../../support/slurmRuns.ts";
import { sshdMissing } from "../../support/sshd.ts";
import { pictureOnFailure, shown } from "../support/evidence.ts";
import { openPreset } from "../support/launch.ts";
import { type DeskAndNode, deskAndNode } from "../support/node.ts";
import type { Workbench } from "../support/workbench.ts";

const shared = inject("e2e");
const missing = shared.missing ?? sshdMissing() ?? slurmMissing();
const LIMIT_MS = 180_000;

describe.skipIf(missing !== null)(`a run on a Slurm cluster${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let slurm: Slurm;
  let node: DeskAndNode;
  let code: Workbench;
  let run: string;
  let others: string[] = [];

  beforeAll(async () => {
    slurm = await startSlurm();
    node = await deskAndNode(shared, { env: slurm.env, slurm: { time: "30", cpus: 1 } });
    code = await node.desk.open();
    // Somebody more important has both nodes.
    for (const name of slurm.nodes) {
      const whole = [
        "--parsable",
        "--partition=urgent",
        "--time=10",
        "--exclusive",
        `--nodelist=${name}`,
        "--output=/dev/null",
      ];
      others.push((await slurm.command("sbatch", ...whole, "--wrap=sleep 600")).trim());
    }
    await until("both nodes are taken", async () =>
      (await Promise.all(others.map((job) => slurm.stateOf(job)))).every((state) => state === "R"),
    );
  });
  afterAll(async () => {
    await node?.remove();
    await slurm?.stop();
  });

  const job = async () => {
    const { runs } = JSON.parse(await node.rzero("list", "--json")) as {
      runs: { id: string; job: { id: string; state: string } | null }[];
    };
    return runs.find(({ id }) => id === run)?.job ?? null;
  };

  test("launched from the editor it waits in the queue, and the explorer says for what", async () => {
    pictureOnFailure(() => code);
    await openPreset(code, { host: "node", preset: "demo", limitMs: LIMIT_MS });
    await code.command("R-Zero: Start This Run");
    await code.confirm("Start");
    await code.line(/^demo, queued/).waitFor({ timeout: LIMIT_MS });
    await shown(code, "queued");
    run = (JSON.parse(await node.rzero("list", "--json")) as { runs: { id: string }[] }).runs[0]?.id ?? "";
    expect(await slurm.stateOf((await job())?.id ?? "")).toBe("PD");
  });

  test("it runs when there is room: its records arrive in explorer, charts and log", async () => {
    pictureOnFailure(() => code);
    await slurm.command("scancel", ...others);
    others = [];
    await code.line(/^demo, .*iteration 1/).waitFor({ timeout: LIMIT_MS });
    await code.press(/^demo, /, "Open Charts");
    const audit = code.panel().getByRole("group", { name: /Audit accuracy/ });
    await expect.poll(() => code.inked(audit.locator("canvas")), { timeout: LIMIT_MS, interval: 500 }).toBe(true);
    await code.press(/^demo, /, "Follow Logs");
    await expect.poll(() => code.terminalText(), { timeout: LIMIT_MS, interval: 500 }).toContain("basemodelauditdone");
    await shown(code, "on-a-node");
  });

  test("stopped from the editor it saves, and its job leaves the cluster", async () => {
    pictureOnFailure(() => code);
    const { id } = (await job()) ?? { id: "" };
    await code.press(/^demo, /, "Stop Run");
    await code.line(/^demo, stopped/).waitFor({ timeout: LIMIT_MS });
    await expect.poll(() => slurm.stateOf(id), { timeout: LIMIT_MS, interval: 1_000 }).toBe("");
    const { view } = JSON.parse(await node.rzero("show", run, "--json")) as { view: { state: string } };
    expect(view.state).toBe("stopped");
  });
});
