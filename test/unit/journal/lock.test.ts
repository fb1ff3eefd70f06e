import { spawn } from "node:child_process";
import { once } from "node:events";
import { link, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  hostIdentity,
  isAlive,
  ownIdentity,
  processIdentity,
} from "../../../remote-agent/src/hostinfo/processIdentity.ts";
import { Journal } from "../../../remote-agent/src/run/journal/journal.ts";
import { acquireRunLock, type LeaseLost, type RunLockOptions } from "../../../remote-agent/src/run/journal/lock.ts";

const ELSEWHERE = { host: "node-7", bootId: "another boot", pidNamespace: "pid:[1]" };
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rzero-lock-"));
});

afterEach(() => rm(dir, { recursive: true, maxRetries: 10, retryDelay: 50 }));

const take = (options: Partial<RunLockOptions> = {}) => acquireRunLock(dir, { onLost: () => undefined, ...options });

async function age(name: string, seconds: number): Promise<void> {
  const then = new Date(Date.now() - seconds * 1000);
  await utimes(`${dir}/${name}`, then, then);
}

async function edit(name: string, change: Record<string, unknown>): Promise<void> {
  const content: unknown = JSON.parse(await readFile(`${dir}/${name}`, "utf8"));
  await writeFile(`${dir}/${name}`, JSON.stringify({ ...Object(content), ...change }));
}

/** A process that has ended, as it was. */
async function deadProcess(): Promise<{ pid: number; start: string }> {
  const child = spawn("sleep", ["60"]);
  const identity = processIdentity(child.pid ?? 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  if (!identity) throw new Error("sleep did not start");
  return identity;
}

test("one owner at a time; the refusal says who it is and what to do", async () => {
  const lock = await take();
  await expect(take()).rejects.toMatchObject({ reason: "run_locked", owner: { pid: process.pid } });
  await expect(take()).rejects.toThrow(/process \d+ on host .*Attach to it/);
  await lock.release();
  const next = await take();
  expect(next.epoch).toBe(lock.epoch + 1);
  await next.release();
  expect((await readdir(dir)).sort()).toEqual(["lease.json"]);
});

test("epochs rise above those of the lease and of the journal", async () => {
  const { journal } = await Journal.open(dir, { epoch: 41, clock: Date.now, ballastBytes: 0 });
  await journal.append([{ type: "note" }], { durable: true });
  await journal.close();
  const first = await take();
  expect(first.epoch).toBe(42);
  await first.release();
  expect((await take()).epoch).toBe(43);
});

test("a run whose owner died on this host is taken at once, also when its pid lives on as another process", async () => {
  await take();
  const dead = await deadProcess();
  await edit("LOCK", dead);
  await expect(take()).resolves.toMatchObject({ epoch: 2 });
  await edit("LOCK", { pid: process.pid, start: `${ownIdentity().start}0` });
  await expect(take()).resolves.toMatchObject({ epoch: 3 });
});

test("an owner that is alive on this host keeps its run however old its lease is", async () => {
  await take();
  await age("LOCK", 3600);
  await age("lease.json", 3600);
  await expect(take()).rejects.toMatchObject({ reason: "run_locked" });
});

test("a run of another host is taken only when its lease is older than a minute", async () => {
  await take({ host: ELSEWHERE });
  await age("LOCK", 3600);
  await age("lease.json", 50);
  await expect(take()).rejects.toThrow("node-7");
  await age("lease.json", 70);
  await expect(take()).resolves.toMatchObject({ epoch: 2 });
});

test("a batch job elsewhere is taken only when its lease is old and the scheduler says that it is gone", async () => {
  const slurm = { job: "7", node: "gpu1", restart: 0 };
  await take({ host: ELSEWHERE, slurm });
  const asked: unknown[] = [];
  const isGone = (gone: boolean) => async (owner: unknown) => {
    asked.push(owner);
    return gone;
  };
  await age("lease.json", 50);
  await expect(take({ isGone: isGone(true) })).rejects.toMatchObject({ reason: "run_locked", owner: { slurm } });
  expect(asked).toEqual([]); // it is alive: nobody has to be asked
  await age("lease.json", 70);
  await expect(take({ isGone: isGone(false) })).rejects.toMatchObject({ reason: "run_locked" });
  const away = () => Promise.reject(new Error("the scheduler is away"));
  await expect(take({ isGone: away })).rejects.toThrow("the scheduler is away");
  await expect(take({ isGone: isGone(true) })).resolves.toMatchObject({ epoch: 2 });
  expect(asked).toMatchObject([{ slurm }, { slurm }]);
});

test("an owner elsewhere that died before its first lease is judged by its lock", async () => {
  await take({ host: ELSEWHERE });
  await rm(`${dir}/lease.json`);
  await expect(take()).rejects.toMatchObject({ reason: "run_locked" });
  await age("LOCK", 70);
  await expect(take()).resolves.toBeDefined();
});

test("the same host name after a reboot or in another container is another host", async () => {
  const here = hostIdentity();
  for (const host of [
    { ...here, bootId: "before" },
    { ...here, pidNamespace: "pid:[2]" },
  ]) {
    await rm(`${dir}/LOCK`, { force: true });
    await take({ host });
    await edit("LOCK", await deadProcess());
    await expect(take()).rejects.toMatchObject({ reason: "run_locked" });
  }
});

test("of many that find a dead owner at once, exactly one gets the run", async () => {
  await take();
  await edit("LOCK", await deadProcess());
  const taken = await Promise.allSettled(Array.from({ length: 20 }, () => take()));
  expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const result of taken) {
    if (result.status === "rejected") expect(result.reason).toMatchObject({ reason: "run_locked" });
  }
});

test("a taker that died half-way does not leave the run locked for ever", async () => {
  await take();
  await edit("LOCK", await deadProcess());
  const { nonce } = JSON.parse(await readFile(`${dir}/LOCK`, "utf8"));
  // It had claimed the dead owner's lock and was killed before replacing it; so was one that claimed from it.
  for (const [from, own] of [
    [nonce, "00000000-0000-4000-8000-000000000001"],
    ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"],
  ]) {
    const owner = { ...hostIdentity(), ...(await deadProcess()), nonce: own };
    await writeFile(`${dir}/.lock-x`, JSON.stringify(owner));
    await link(`${dir}/.lock-x`, `${dir}/LOCK.claim-${from}`);
    await rename(`${dir}/.lock-x`, `${dir}/.lock-y`);
  }
  const taken = await Promise.allSettled(Array.from({ length: 5 }, () => take()));
  expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await readdir(dir)).filter((name) => name.startsWith("LOCK.claim-"))).toEqual([]);
});

test("a claimer that is at work is not overtaken", async () => {
  await take();
  await edit("LOCK", await deadProcess());
  const { nonce } = JSON.parse(await readFile(`${dir}/LOCK`, "utf8"));
  const owner = { ...hostIdentity(), ...ownIdentity(), nonce: "00000000-0000-4000-8000-000000000001" };
  await writeFile(`${dir}/LOCK.claim-${nonce}`, JSON.stringify(owner));
  await expect(take()).rejects.toMatchObject({ reason: "run_locked", owner: { nonce: owner.nonce } });
});

test("a lock that cannot be read is not taken", async () => {
  await writeFile(`${dir}/LOCK`, "half");
  await expect(take()).rejects.toThrow("cannot be read");
});

test("the lease is renewed; release leaves the epoch behind for the next owner", async () => {
  const lock = await take({ renewMs: 20 });
  await age("lease.json", 100);
  await expect.poll(() => leaseAge()).toBeLessThan(50_000);
  await lock.release();
  await age("lease.json", 100);
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(await leaseAge()).toBeGreaterThan(90_000);
});

test.each([
  [
    "another owner took the lock",
    () => edit("LOCK", { nonce: "00000000-0000-4000-8000-000000000001" }),
    "took it over",
  ],
  ["a later epoch holds the lease", () => edit("lease.json", { epoch: 9 }), "epoch 9"],
  ["the lock was removed", () => rm(`${dir}/LOCK`), "was removed"],
])("the owner learns once that it lost the run: %s", async (_what, lose, why) => {
  const lost: LeaseLost[] = [];
  const lock = await take({ onLost: (error) => lost.push(error) });
  const { journal } = await Journal.open(dir, {
    epoch: lock.epoch,
    clock: Date.now,
    ballastBytes: 0,
    fence: () => lock.assertHeld(),
  });
  await journal.append([{ type: "note" }], { durable: true });
  await lose();
  await lock.renew();
  expect(lost).toHaveLength(1);
  expect(lost[0]?.message).toContain(why);
  await expect(lock.assertHeld()).rejects.toMatchObject({ reason: "lease_lost" });
  await expect(journal.append([{ type: "note" }], { durable: true })).rejects.toMatchObject({ reason: "lease_lost" });
  const left = (await readdir(dir)).filter((name) => name === "LOCK");
  await lock.release();
  expect((await readdir(dir)).filter((name) => name === "LOCK")).toEqual(left);
  await lock.renew();
  expect(lost).toHaveLength(1);
});

test("an owner that slept through its lease asks the disk before it writes again", async () => {
  let now = Date.now();
  const lock = await take({ clock: () => now });
  await edit("LOCK", { nonce: "00000000-0000-4000-8000-000000000001" });
  await expect(lock.assertHeld()).resolves.toBeUndefined(); // the lease is fresh: nobody may have taken it
  now += 30_000;
  await expect(lock.assertHeld()).rejects.toMatchObject({ reason: "lease_lost" });
});

test("a clock that jumps by days, forward or back, costs nobody the run", async () => {
  let now = Date.now();
  const lost: LeaseLost[] = [];
  const lock = await take({ clock: () => now, renewMs: 20, onLost: (error) => lost.push(error) });
  for (const days of [3, -7, 30]) {
    now += days * 86_400_000;
    await expect(lock.assertHeld()).resolves.toBeUndefined();
    expect(JSON.parse(await readFile(`${dir}/lease.json`, "utf8")).renewedAt).toBe(now);
    await new Promise((resolve) => setTimeout(resolve, 60)); // a few renewals
  }
  expect(lost).toEqual([]);
  await expect(take({ clock: () => now + 86_400_000 * 365 })).rejects.toMatchObject({ reason: "run_locked" });
  await lock.release();
  await expect(take()).resolves.toMatchObject({ epoch: 2 });
});

test("an owner that cannot renew its lease stops before another host may take the run", async () => {
  let now = performance.now();
  const lost: LeaseLost[] = [];
  const lock = await take({ elapsed: () => now, renewMs: 20, onLost: (error) => lost.push(error) });
  await rename(dir, `${dir}.away`);
  try {
    now += 46_000;
    await expect.poll(() => lost.length).toBe(1);
  } finally {
    await rename(`${dir}.away`, dir);
    await lock.release();
  }
});

test("a process is told apart from its successor with the same pid, and a zombie counts as gone", async () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(isAlive({ ...ownIdentity(), start: "1" })).toBe(false);
  expect(processIdentity(0)).toBeUndefined();
  expect(isAlive(await deadProcess())).toBe(false);
});

async function leaseAge(): Promise<number> {
  const { stat } = await import("node:fs/promises");
  return Date.now() - (await stat(`${dir}/lease.json`)).mtimeMs;
}
