import { describe, expect, it } from "vitest";
import { slurmSettings } from "../../../remote-agent/src/protocol/slurm.ts";
import type { JobOwner, JobRecord } from "../../../remote-agent/src/slurm/jobFiles.ts";
import { isOver, runJobOf } from "../../../remote-agent/src/slurm/jobState.ts";
import type { QueueAnswer } from "../../../remote-agent/src/slurm/queue.ts";
import { parseQueue, type QueuedJob } from "../../../remote-agent/src/slurm/squeue.ts";

const record: JobRecord = { id: "7", submittedAt: 1000, settings: slurmSettings.parse({}), program: [], ended: null };
const job = (more: Partial<QueuedJob>): QueuedJob => ({
  id: "7",
  name: "rzero-r",
  user: "me",
  state: "RUNNING",
  reason: null,
  node: "gpu1",
  restarts: 0,
  startsAt: null,
  endsAt: null,
  limitMs: null,
  preemptedAt: null,
  ...more,
});
const owner = (more: Partial<JobOwner> = {}): JobOwner => ({
  job: "7",
  restart: 0,
  node: "gpu1",
  pid: 1,
  socket: "/tmp/s",
  at: 100_000,
  durableSeq: 5,
  farewell: null,
  ...more,
});
const answer = (jobs: QueuedJob[], more: Partial<QueueAnswer> = {}): QueueAnswer => ({
  at: 90_000,
  error: null,
  jobs: new Map(jobs.map((item) => [item.id, item])),
  ...more,
});
const seen = (queue: QueueAnswer, said: JobOwner | null = null, now = 100_000, known = record) =>
  runJobOf(known, { queue, owner: said, now });

describe("what became of a run's job", () => {
  it("waits, with Slurm's reason and estimate", () => {
    const waiting = job({ state: "PENDING", node: null, reason: "Resources", startsAt: Date.UTC(2026, 10, 27, 14, 5) });
    expect(seen(answer([waiting]))).toMatchObject({
      state: "queued",
      reason: "Resources",
      startsAt: waiting.startsAt,
      says: "Job 7 waits in the queue (Resources). Slurm expects it to start at 2026-11-27 14:05 UTC.",
    });
  });

  it("is back in the queue, and why: what its supervisor said, or that it said nothing", () => {
    const back = answer([job({ state: "PENDING", restarts: 1, node: null, reason: "BeginTime" })]);
    expect(seen(back, owner()).says).toBe("Job 7 is back in the queue (BeginTime): node gpu1 was lost.");
    const preempted = owner({ farewell: { code: "preempted", message: "" } });
    expect(seen(back, preempted)).toMatchObject({ state: "requeued" });
    expect(seen(back, preempted).says).toMatch(/: it was preempted\.$/);
    expect(seen(back, owner({ farewell: { code: "time_limit", message: "" } })).says).toMatch(
      /: it reached its time limit\.$/,
    );
  });

  it("runs on its node; a supervisor that has gone silent is said to be", () => {
    expect(seen(answer([job({})]), owner()).says).toBe("Job 7 runs on gpu1.");
    expect(seen(answer([job({})]), owner(), 200_000).says).toMatch(/no sign of life for 100 s: the node may be lost/);
    const left = owner({ farewell: { code: "paused", message: "" } });
    expect(seen(answer([job({})]), left)).toMatchObject({ state: "ending", says: "Job 7 is ending on gpu1." });
    expect(seen(answer([job({ restarts: 1 })]), left).state, "another start of it").toBe("running");
    expect(seen(answer([job({ state: "SUSPENDED" })]), owner()).says).toMatch(/suspended/);
  });

  it.each([
    ["CANCELLED", "cancelled"],
    ["NODE_FAIL", "node_lost"],
    ["TIMEOUT", "time_limit"],
    ["PREEMPTED", "preempted"],
    ["FAILED", "failed"],
    ["OUT_OF_MEMORY", "failed"],
    ["COMPLETED", "completed"],
  ])("%s is over, with what to do", (state, expected) => {
    const found = seen(answer([job({ state })]));
    expect(found.state).toBe(expected);
    expect(isOver(found.state)).toBe(true);
    if (expected !== "completed") expect(found.says).toMatch(/Resume the run to submit a new job/);
  });

  it("that Slurm has forgotten is told by what its supervisor said last, and what was kept goes before", () => {
    expect(seen(answer([])).state).toBe("forgotten");
    expect(seen(answer([]), owner({ farewell: { code: "cancelled", message: "" } })).state).toBe("cancelled");
    expect(seen(answer([]), null, 0, { ...record, ended: { state: "node_lost", at: 1 } }).state).toBe("node_lost");
    expect(seen(answer([], { at: 500 })), "submitted after the question").toMatchObject({ state: "queued" });
    expect(
      seen(answer([]), owner({ job: "6", farewell: { code: "ended", message: "" } })).state,
      "another job's words",
    ).toBe("forgotten");
  });

  it("is unknown while Slurm does not answer, which is not the same as over", () => {
    const silent = seen(answer([], { error: "Slurm did not answer squeue within 10 s." }), owner());
    expect(silent).toMatchObject({ state: "unknown", node: "gpu1", says: "Slurm did not answer squeue within 10 s." });
    expect(isOver("unknown")).toBe(false);
  });
});

describe("the answer of squeue", () => {
  it("of 22.05", () => {
    const text = JSON.stringify({
      jobs: [
        {
          job_id: 3,
          name: "rzero-a",
          user_name: "me",
          job_state: "PENDING",
          state_reason: "Resources",
          nodes: "",
          restart_cnt: 1,
          start_time: 0,
          end_time: 0,
          time_limit: 5,
          preempt_time: 0,
        },
      ],
    });
    expect(parseQueue(text)).toEqual([
      {
        ...job({
          id: "3",
          name: "rzero-a",
          state: "PENDING",
          reason: "Resources",
          node: null,
          restarts: 1,
          limitMs: 300_000,
        }),
      },
    ]);
  });

  it("of later releases, which wrap numbers and list states", () => {
    const number = (value: number | null) => ({ set: value !== null, infinite: false, number: value ?? 0 });
    const text = JSON.stringify({
      jobs: [
        {
          job_id: 3,
          name: "rzero-a",
          user_name: "me",
          job_state: ["RUNNING", "CONFIGURING"],
          state_reason: "None",
          nodes: "gpu1",
          restart_cnt: 0,
          start_time: number(10),
          end_time: number(20),
          time_limit: number(null),
          preempt_time: number(null),
        },
        { job_id: 4, name: "rzero-b", user_name: "me", job_state: ["RUNNING", "COMPLETING"] },
      ],
    });
    const [first, second] = parseQueue(text);
    expect(first).toEqual(job({ id: "3", name: "rzero-a", startsAt: 10_000, endsAt: 20_000 }));
    expect(second?.state).toBe("COMPLETING");
  });

  it.each(["", "slurm_load_jobs error", "{}", '{"jobs": [{"job_id": "x"}]}'])(
    "that is none (%j) is refused in a sentence",
    (text) => {
      expect(() => parseQueue(text)).toThrow(/cannot be read .*Slurm 22\.05 or newer is needed/);
    },
  );
});
