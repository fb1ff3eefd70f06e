// What takes Slurm minutes to notice; shorter cases of the same kinds are in test/slurm.
import { describe, expect, it } from "vitest";
import { readOwner } from "../../remote-agent/src/slurm/jobFiles.ts";
import { processesWith } from "../support/processes.ts";
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

describe.skipIf(missing !== null)(`a batch job${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("whose node is lost goes on on another one, and says which was lost", async () => {
    const engine = await slowEngine(host);
    const { run, node } = await trainingJob(host, engine);
    await host.slurm.crash(node);
    await until("it goes on elsewhere", async () => (await host.notices(run)).includes("slurm_node_lost"));
    expect((await readOwner(run))?.node).not.toBe(node);
    engine.heal();
    await completed(run);
    await host.slurm.start(node);
    expect(await differences(undisturbed, run)).toEqual([]);
  });

  it("whose first start is frozen on a lost node is taken over when Slurm says it is gone; awake again, it is fenced off", async () => {
    const engine = await slowEngine(host);
    const { run, node } = await trainingJob(host, engine);
    const supervisors = await processesWith(`supervise\0${run}`);
    expect(supervisors).toHaveLength(1);
    const [frozen = 0] = supervisors;
    process.kill(frozen, "SIGSTOP");
    await host.slurm.killDaemon(node);
    await until("a second start has the run", async () => (await readOwner(run))?.restart === 1, 150_000);
    engine.heal();
    process.kill(frozen, "SIGCONT");
    await until("the first start has ended", async () => !(await processesWith(`supervise\0${run}`)).includes(frozen));
    await completed(run);
    await host.slurm.crash(node);
    await host.slurm.start(node);
    expect(await differences(undisturbed, run)).toEqual([]);
    const all = await epochs(run);
    expect(all).toEqual(all.toSorted((a, b) => a - b));
  });

  it("at its time limit it saves, goes back into the queue and goes on", async () => {
    const engine = await slowEngine(host, 15_000);
    const run = await host.newRun(engine);
    const job = await host.submit(run, engine, { time: "2", notice: 20 });
    const said = async () => (await host.notices(run)).includes("slurm_time_limit");
    await until("the time limit came", said, 180_000);
    engine.heal();
    await completed(run);
    expect((await host.summary(run)).job).toMatchObject({ id: job, restarts: 1 });
    expect(await differences(undisturbed, run)).toEqual([]);
  });
});
