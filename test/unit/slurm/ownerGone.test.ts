import { expect, test } from "vitest";
import { ownerGone } from "../../../remote-agent/src/slurm/ownerGone.ts";

const owner = {
  nonce: "3f0a4a3e-3f1c-4a5e-9d38-000000000000",
  host: "gpu1",
  bootId: "b",
  pidNamespace: "p",
  pid: 1,
  start: "1",
  slurm: { job: "7", node: "gpu1", restart: 1 },
};
const me = (more: object) => ({ id: "7", restart: 2, node: "gpu2", noticeMs: 0, requeue: true, ...more });
const knows = (job: object | null) => async () =>
  JSON.stringify({
    jobs: job === null ? [] : [{ job_id: 7, job_state: "RUNNING", nodes: "gpu1", restart_cnt: 1, ...job }],
  });
const never = () => Promise.reject(new Error("Slurm was asked"));

test("an owner that was no job needs no answer, nor does one whose job was started again as us", async () => {
  const { slurm: _, ...plain } = owner;
  expect(await ownerGone(plain, never, null)).toBe(true);
  expect(await ownerGone(owner, never, me({}))).toBe(true);
  await expect(ownerGone(owner, never, me({ id: "8" }))).rejects.toThrow("Slurm was asked");
  await expect(ownerGone(owner, never, me({ restart: 1 }))).rejects.toThrow("Slurm was asked");
});

test.each([
  ["runs on its node", {}, false],
  ["is ending there", { job_state: "COMPLETING" }, false],
  ["is suspended there", { job_state: "SUSPENDED" }, false],
  ["runs on another node", { nodes: "gpu2" }, true],
  ["was put back into the queue", { job_state: "PENDING", nodes: "", restart_cnt: 2 }, true],
  ["runs there for another time", { restart_cnt: 2 }, true],
  ["was cancelled", { job_state: "CANCELLED" }, true],
  ["lost its node", { job_state: "NODE_FAIL" }, true],
])("whose job %s", async (_, job, gone) => {
  expect(await ownerGone(owner, knows(job), null)).toBe(gone);
});

test("whose job Slurm has forgotten is gone", async () => {
  expect(await ownerGone(owner, knows(null), null)).toBe(true);
});
