import { describe, expect, it } from "vitest";
import { SlurmFailed } from "../../../remote-agent/src/slurm/command.ts";
import { whyTold } from "../../../remote-agent/src/slurm/notice.ts";

const NOW = 1_000_000_000;
const me = { id: "7", restart: 1, node: "gpu1", noticeMs: 120_000, requeue: true };
const says = (job: Record<string, unknown>) => async () =>
  JSON.stringify({ jobs: [{ job_id: 7, job_state: "RUNNING", restart_cnt: 1, ...job }] });
const told = (job: Record<string, unknown>, signal: NodeJS.Signals = "SIGUSR1") =>
  whyTold(signal, me, says(job), () => NOW);

describe("what a signal to a job means", () => {
  it.each([
    ["shortly before the end", { end_time: NOW / 1000 + 130 }, { code: "time_limit", requeuedBySlurm: false }],
    ["with the end far away", { end_time: NOW / 1000 + 3600 }, { code: "preempted", requeuedBySlurm: false }],
    [
      "in the grace time of a preemption",
      { end_time: NOW / 1000 + 20, preempt_time: NOW / 1000 },
      { code: "preempted", requeuedBySlurm: false },
    ],
    [
      "in the grace time of a preemption, while the signal is on its way",
      { job_state: "SIGNALING", end_time: NOW / 1000 + 20, preempt_time: NOW / 1000 },
      { code: "preempted", requeuedBySlurm: false },
    ],
    [
      "shortly before the end, while the signal is on its way",
      { job_state: "SIGNALING", end_time: NOW / 1000 + 130 },
      { code: "time_limit", requeuedBySlurm: false },
    ],
    [
      "put back by Slurm itself",
      { job_state: "COMPLETING", restart_cnt: 2 },
      { code: "preempted", requeuedBySlurm: true },
    ],
    ["cancelled", { job_state: "COMPLETING" }, { code: "cancelled", requeuedBySlurm: false }],
    [
      "over its limit without a notice",
      { job_state: "COMPLETING", start_time: NOW / 1000 - 600, time_limit: 10 },
      { code: "time_limit", requeuedBySlurm: false },
    ],
  ])("%s", async (_, job, expected) => {
    expect(await told(job)).toEqual(expected);
  });

  it("when Slurm cannot be asked, the ordered notice is the time limit, and anything else puts nothing back", async () => {
    const away = async () => {
      throw new SlurmFailed("away", "timeout");
    };
    expect(await whyTold("SIGUSR1", me, away, () => NOW)).toEqual({ code: "time_limit", requeuedBySlurm: false });
    expect(await whyTold("SIGTERM", me, away, () => NOW)).toEqual({ code: "cancelled", requeuedBySlurm: false });
  });
});
