import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { slurmMissing } from "../support/slurm.ts";
import { type SlurmHost, slurmHost, until } from "../support/slurmRuns.ts";

const missing = slurmMissing();
let host: SlurmHost;
/** The same run, never disturbed. */
let undisturbed: string;

beforeAll(async () => {
  if (missing !== null) return;
  host = await slurmHost();
});
afterEach(async () => host?.clear());
afterAll(async () => host?.stop());

describe.skipIf(missing !== null)(`runs as batch jobs${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("is queued, runs on a node and completes; how it stands can be seen on the login node", async () => {
    const engine = await host.engine();
    undisturbed = await host.newRun(engine);
    const job = await host.submit(undisturbed, engine);
    expect((await host.summary(undisturbed)).job).toMatchObject({ id: job });
    await until("it is completed", async () => (await readRunView(undisturbed)).state === "completed");
    await until("the job is over", async () => !["R", "CG"].includes(await host.slurm.stateOf(job)));
    expect(await host.notices(undisturbed)).toContain("slurm_started");
  });
});
