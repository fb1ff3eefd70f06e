import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { readOwner } from "../../remote-agent/src/slurm/jobFiles.ts";
import { differences } from "../support/sameRun.ts";
import { slurmMissing } from "../support/slurm.ts";
import { type SlurmHost, until } from "../support/slurmRuns.ts";
import { completed, epochs, onCluster, slowEngine, trainingJob } from "../support/slurmScenes.ts";

const missing = slurmMissing();
let host: SlurmHost;
/** The same run, never disturbed. */
let undisturbed: string;

if (missing === null)
  onCluster((made) => {
    ({ host, undisturbed } = made);
  });

/** A job of somebody more important on a node, which it needs for itself. */
async function urgent(node: string, seconds: number): Promise<string> {
  const args = [
    "--parsable",
    "--partition=urgent",
    "--exclusive",
    "--time=8",
    `--nodelist=${node}`,
    `--wrap=sleep ${seconds}`,
  ];
  return (await host.slurm.command("sbatch", ...args, "--output=/dev/null")).trim();
}

async function jobState(run: string): Promise<string | undefined> {
  return (await host.summary(run)).job?.state;
}

describe.skipIf(missing !== null)(`runs as batch jobs${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("is queued with Slurm's reason, runs on a node, completes, and is seen so on the login node", async () => {
    const blocks = await Promise.all(host.slurm.nodes.map((node) => urgent(node, 400)));
    await until("both nodes are taken", async () =>
      (await Promise.all(blocks.map((job) => host.slurm.stateOf(job)))).every((state) => state === "R"),
    );
    const engine = await slowEngine(host);
    const run = await host.newRun(engine);
    const job = await host.submit(run, engine);
    await until("Slurm says why it waits", async () => (await host.summary(run)).job?.reason != null);
    const waits = await host.summary(run);
    expect(waits).toMatchObject({ live: false, view: { state: "created" }, job: { id: job, state: "queued" } });
    expect(waits.job?.says).toMatch(/^Job \d+ waits in the queue \((Resources|Priority)\)/);
    expect(await host.rzero(["list"])).toMatch(/queued \((Resources|Priority)\)/);

    await host.slurm.command("scancel", ...blocks);
    await until("it trains", () => engine.callsOf("optim_step").length > 0);
    // Slurm was asked up to 15 s ago, and what the run says of itself is written every few seconds.
    await until("it is seen to run", async () => {
      const { job, view } = await host.summary(run);
      return job?.state === "running" && view.state === "running";
    });
    const runs = await host.summary(run);
    expect(runs).toMatchObject({ live: true, view: { state: "running" } });
    expect(runs.job?.node).toMatch(/^gpu[12]$/);
    expect(await host.rzero(["show", path.basename(run)])).toContain(`Job ${job} runs on ${runs.job?.node}`);
    await completed(run);
    await until("the job is over", async () => (await jobState(run)) === "completed");
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  it("stopped or paused in the queue it leaves it, and resuming submits it again", async () => {
    const blocks = await Promise.all(host.slurm.nodes.map((node) => urgent(node, 400)));
    await until("both nodes are taken", async () =>
      (await Promise.all(blocks.map((job) => host.slurm.stateOf(job)))).every((state) => state === "R"),
    );
    const engine = await host.engine();
    const run = await host.newRun(engine);
    const first = await host.submit(run, engine);
    const id = path.basename(run);
    expect(await host.rzero(["stop", id])).toContain(`Run ${id} is stopped`);
    expect((await host.summary(run)).view.state).toBe("stopped");
    expect(await host.slurm.stateOf(first)).not.toBe("PD");
    await expect(host.rzero(["delete", id, "--yes"])).resolves.toContain("is deleted");

    const other = await host.newRun(engine);
    await host.submit(other, engine);
    await host.rzero(["pause", path.basename(other)]);
    expect((await host.summary(other)).view.state).toBe("paused");
    await host.slurm.command("scancel", ...blocks);
    const token = { RZERO_ENGINE_TOKEN: engine.token };
    expect(await host.rzero(["resume", path.basename(other)], token)).toContain("goes on as a batch job");
    await completed(other);
    expect(await differences(undisturbed, other)).toEqual([]);
  });

  it("paused at work it saves and gives its nodes back; stopped likewise; each resume is a new job", async () => {
    const engine = await slowEngine(host);
    const { run, job } = await trainingJob(host, engine);
    const id = path.basename(run);
    await host.rzero(["pause", id]);
    await until("the job has ended", async () => !["R", "CG"].includes(await host.slurm.stateOf(job)));
    await until("it is seen to have ended", async () => (await jobState(run)) === "completed"); // Slurm was asked up to 15 s ago
    expect(await host.summary(run)).toMatchObject({
      live: false,
      view: { state: "paused" },
      job: { state: "completed" },
    });
    const token = { RZERO_ENGINE_TOKEN: engine.token };
    await host.rzero(["resume", id], token);
    await until("it goes on", async () => (await host.summary(run)).live);
    expect(await host.rzero(["stop", id])).toContain("everything done is kept");
    expect((await readRunView(run)).state).toBe("stopped");
    engine.heal();
    await host.rzero(["resume", id], token);
    await completed(run);
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  it("that has to make room saves at the notice, goes back into the queue and resumes by itself", async () => {
    const engine = await slowEngine(host);
    const { run, job, node } = await trainingJob(host, engine);
    await urgent(node, 3);
    await until("it said why", async () => (await host.notices(run)).includes("slurm_preempted"));
    engine.heal();
    await completed(run);
    const { job: seen } = await host.summary(run);
    expect(seen).toMatchObject({ id: job, restarts: 1 });
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  it("that has to make room at once is put back by Slurm itself and loses nothing", async () => {
    const engine = await slowEngine(host, 1000);
    const { run, node } = await trainingJob(host, engine, { partition: "scavenger" });
    await urgent(node, 3);
    await until("it is back in the queue", async () => (await host.summary(run)).job?.restarts === 1);
    engine.heal();
    await completed(run);
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  it("cancelled behind its back it saves, says so, and is resumed as a new job", async () => {
    const engine = await slowEngine(host, 300);
    const { run, job } = await trainingJob(host, engine);
    await host.slurm.command("scancel", job);
    await until("the job is over", async () => (await jobState(run)) === "cancelled");
    const { view, live, job: seen } = await host.summary(run);
    expect({ live, state: view.state }).toEqual({ live: false, state: "interrupted" });
    expect(seen?.says).toMatch(/was cancelled\. Resume the run to submit a new job/);
    expect(await host.notices(run)).toContain("slurm_cancelled");
    engine.heal();
    await host.rzero(["resume", path.basename(run)], { RZERO_ENGINE_TOKEN: engine.token });
    await completed(run);
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  it("whose node loses only Slurm's daemon is handed over: two starts of one job do not both write", async () => {
    const engine = await slowEngine(host, 8000); // Slurm takes half a minute to notice
    const { run, node } = await trainingJob(host, engine);
    await host.slurm.killDaemon(node);
    await until("a second start has the run", async () => (await readOwner(run))?.restart === 1);
    expect((await readOwner(run))?.node).not.toBe(node);
    engine.heal();
    await completed(run);
    await host.slurm.crash(node);
    await host.slurm.start(node);
    expect(await differences(undisturbed, run)).toEqual([]);
    const all = await epochs(run);
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect(new Set(all).size).toBe(2);
  });

  it("is submitted from a template of one's own; one that cannot be used is refused in a sentence", async () => {
    const engine = await host.engine();
    const template = path.join(host.slurm.folder, "own template's.sh");
    const marks = path.join(host.home.home, "marks");
    await mkdir(marks, { recursive: true });
    await writeFile(
      template,
      `#!/bin/bash\n{{directives}}\n{{environment}}\n{{setup}}\necho {{run}} "$MARK" > ${marks}/ran\nexec {{command}}\n`,
    );
    const run = await host.newRun(engine);
    await host.submit(run, engine, { template, setup: [`export MARK="it's \${SLURM_JOB_ID:+set}"`] });
    await completed(run);
    expect(await readFile(path.join(marks, "ran"), "utf8")).toBe(`${path.basename(run)} it's set\n`);
    await writeFile(template, "#!/bin/bash\n{{directives}}\nexec {{comand}}\n");
    const refused = await host.newRun(engine);
    await expect(host.submit(refused, engine, { template })).rejects.toThrow(/has no \{\{command\}\}/);
  });

  it("while munge does not answer, lists and commands say so within their limits, and the run goes on", async () => {
    const engine = await slowEngine(host);
    const { run } = await trainingJob(host, engine);
    host.slurm.munge(false);
    try {
      await delay(16_000); // what Slurm said last is believed for 15 s
      const { job } = await host.summary(run);
      expect(job).toMatchObject({ state: "unknown" });
      expect(job?.says).toMatch(/Slurm did not answer squeue within 10 s: its controller or munge may be down/);
      const other = await host.newRun(engine);
      await expect(host.submit(other, engine)).rejects.toThrow(/Slurm did not answer/);
      engine.heal();
      await completed(run);
    } finally {
      host.slurm.munge(true);
    }
    expect(await differences(undisturbed, run)).toEqual([]);
  });
});
