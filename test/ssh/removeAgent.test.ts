import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostIdentity, processIdentity } from "../../remote-agent/src/hostinfo/processIdentity.ts";
import { removeAgent } from "../../src/deploy/removeAgent.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { localTransport } from "../../src/ssh/localTransport.ts";
import type { Transport } from "../../src/ssh/transport.ts";
import { type Sshd, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
const signal = new AbortController().signal;
let sshd: Sshd;
let scratch: string;
let transport: Transport;
let owner: ChildProcess;

beforeAll(async () => {
  expect(missing).toBeNull();
  sshd = await startSshd();
  scratch = await mkdtemp(path.join(tmpdir(), "rzero-remove-"));
  const nobody = { secret: async () => null, acceptHostKey: async () => false };
  const connector = { ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter: nobody, log: () => undefined };
  transport = await connectTo(connector, "node");
  owner = spawn(process.execPath, ["-e", "setTimeout(() => {}, 600000)"], { stdio: "ignore" });
});

afterAll(async () => {
  owner?.kill("SIGKILL");
  await transport?.close();
  await sshd?.stop();
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
});

/** A folder as deployments and runs make it. */
async function home(name: string): Promise<string> {
  const root = path.join(scratch, name);
  for (const folder of ["deploy/abc", "node", "cache/python", "agents/a1", "engines/e1", "runs/first/logs", "models/m"])
    await mkdir(path.join(root, folder), { recursive: true });
  await writeFile(path.join(root, "runs/first/run.yaml"), "id: first\n");
  return root;
}

const lock = (root: string, more: object) => {
  const identity = { nonce: "n", ...hostIdentity(), ...processIdentity(owner.pid ?? 0), ...more };
  return writeFile(path.join(root, "runs/first/LOCK"), `${JSON.stringify(identity)}\n`);
};

describe.skipIf(missing !== null)(`removing the agent${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("leaves the runs, with the agents and engines that they were started with", async () => {
    const root = await home("kept runs");
    const removal = await removeAgent(transport, { root, runs: false }, signal);
    expect(removal).toEqual({ kind: "left", names: ["agents", "engines", "models", "runs"] });
    expect((await readdir(root)).sort()).toEqual(["agents", "engines", "models", "runs"]);
    expect(await readdir(path.join(root, "runs/first"))).toContain("run.yaml");
  });

  it("takes everything when that is asked for; what is not ours stays", async () => {
    const root = await home("all");
    expect(await removeAgent(transport, { root, runs: true }, signal)).toEqual({ kind: "gone" });
    expect(await readdir(scratch)).not.toContain("all");
    const shared = await home("shared");
    await writeFile(path.join(shared, "thesis.tex"), "");
    expect(await removeAgent(transport, { root: shared, runs: true }, signal)).toEqual({
      kind: "left",
      names: ["thesis.tex"],
    });
  });

  it("is refused while a run is at work, and nothing is touched", async () => {
    const root = await home("at work");
    await lock(root, {});
    for (const runs of [false, true])
      expect(await removeAgent(transport, { root, runs }, signal)).toEqual({ kind: "alive", runs: ["first"] });
    expect((await readdir(root)).sort()).toEqual(["agents", "cache", "deploy", "engines", "models", "node", "runs"]);
  });

  it("is not refused for an owner that is gone: its number may belong to another process by now", async () => {
    const root = await home("crashed");
    await lock(root, { start: "12345" });
    expect(await removeAgent(transport, { root, runs: true }, signal)).toEqual({ kind: "gone" });
  });

  it("goes by the lease for an owner on another node", async () => {
    const root = await home("elsewhere");
    await lock(root, { host: `${hostname()}-other` });
    const lease = path.join(root, "runs/first/lease.json");
    await writeFile(lease, "{}");
    expect(await removeAgent(transport, { root, runs: true }, signal)).toEqual({ kind: "alive", runs: ["first"] });
    const old = new Date(Date.now() - 10 * 60_000);
    await utimes(lease, old, old);
    expect(await removeAgent(transport, { root, runs: true }, signal)).toEqual({ kind: "gone" });
  });

  it("a folder that is not there is gone already; the home directory itself is never removed", async () => {
    const root = path.join(scratch, "never was");
    expect(await removeAgent(transport, { root, runs: true }, signal)).toEqual({ kind: "gone" });
    expect(await readdir(scratch)).not.toContain("never was");
    const local = localTransport("this", { ...process.env, HOME: scratch });
    await expect(removeAgent(local, { root: "~", runs: true }, signal)).rejects.toThrow("is not a folder of ours");
    await local.close();
  });
});
