import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { deploy } from "../../src/deploy/deploy.ts";
import { removeScript, unpackScript } from "../../src/deploy/hostScripts.ts";
import { KnownDeployment } from "../../src/deploy/knownDeployment.ts";
import { type Payload, packPayload } from "../../src/deploy/payload.ts";
import { settingsOf } from "../../src/hosts/hostSettings.ts";
import { AgentClient } from "../../src/link/agentClient.ts";
import { AgentError } from "../../src/link/agentError.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { type Transport, TransportError } from "../../src/ssh/transport.ts";
import { processesWith } from "../support/processes.ts";
import { type Sshd, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
const checkout = path.resolve(import.meta.dirname, "../..");
const python = process.env["RZERO_PYTHON"] ?? "python3";
let sshd: Sshd;
let payload: Payload;
let scratch: string;
/** The Node that runs the tests is new enough; the machine's own need not be. */
const withNode = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
const open: { close(): Promise<void> | void }[] = [];

beforeAll(async () => {
  expect(missing).toBeNull();
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  [sshd, payload, scratch] = await Promise.all([
    startSshd(),
    packPayload(checkout),
    mkdtemp(path.join(tmpdir(), "rzero-deploy-")),
  ]);
});

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

afterAll(async () => {
  await sshd?.stop();
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
});

async function connected(): Promise<Transport> {
  const nobody = { secret: async () => null, acceptHostKey: async () => false };
  const transport = await connectTo(
    { ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter: nobody, log: () => undefined },
    "node",
  );
  open.push(transport);
  return transport;
}

async function deployed(
  transport: Transport,
  settings: Record<string, unknown>,
  steps: string[] = [],
  signal = new AbortController().signal,
) {
  const own = settingsOf({ node: { python, env: { PATH: withNode }, ...settings } }, "node");
  return deploy(transport, {
    settings: own,
    payload,
    signal,
    onProgress: (step) => steps.at(-1) !== step && steps.push(step),
  });
}

async function failureOf(work: Promise<unknown>): Promise<TransportError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportError);
  return error as TransportError;
}

describe.skipIf(missing !== null)(`the agent on a host${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("is brought once, answers, and is found the second time; removing it leaves nothing", async () => {
    const root = path.join(scratch, "first root");
    const transport = await connected();
    const steps: string[] = [];
    const deployment = await deployed(transport, { root }, steps);
    expect(steps).toContain("Uploading the agent");
    const served = await deployment.serve(transport);
    const client = new AgentClient("node", served.stream);
    open.push(client);
    expect(await client.request("agent/hello", { client: "test" })).toMatchObject({ protocol: 1 });
    expect(await client.request("runs/list", {})).toEqual({ runs: [], unreadable: [] });
    const refused = await client.request("runs/show", { run: "none" }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AgentError);
    expect((refused as AgentError).message).toContain("There is no run 'none'");
    client.close();
    served.close();

    const again: string[] = [];
    expect((await deployed(transport, { root }, again)).id).toBe(deployment.id);
    expect(again).not.toContain("Uploading the agent");

    const removed = await transport.exec(removeScript(root, true), { timeoutMs: 30_000 });
    expect(removed.stdout.trim()).toBe("gone");
    expect(await readdir(scratch)).not.toContain("first root");
  });

  it("a connection that comes back soon starts it at once; where it is gone, or with other settings, the host is looked at again", async () => {
    const root = path.join(scratch, "again");
    let now = 0;
    let looks = 0;
    const known = new KnownDeployment(() => now);
    const attach = async (settings = "a") => {
      const transport = await connected();
      const deploy = () => {
        looks++;
        return deployed(transport, { root });
      };
      const attached = await known.attach(transport, { deploy, settings, signal: new AbortController().signal });
      expect(await attached.client.request("runs/list", {})).toMatchObject({ runs: [] });
      await attached.close();
      return looks;
    };
    expect(await attach()).toBe(1);
    expect(await attach()).toBe(1);
    await rm(path.join(root, "deploy"), { recursive: true });
    expect(await attach()).toBe(2);
    expect(await attach("b")).toBe(3);
    now += 60 * 60_000;
    expect(await attach("b")).toBe(4);
  });

  it("the same files have the same name, whoever packs them", async () => {
    expect((await packPayload(checkout)).id).toBe(payload.id);
    expect(payload.archive.length).toBeLessThan(4_000_000);
  });

  it("two windows that deploy at once do not harm each other", async () => {
    const root = path.join(scratch, "twice");
    const [one, two] = await Promise.all([connected(), connected()]);
    const deployments = await Promise.all([deployed(one, { root }), deployed(two, { root })]);
    expect(new Set(deployments.map(({ id }) => id)).size).toBe(1);
    expect((await readdir(path.join(root, "deploy"))).filter((name) => !name.startsWith("."))).toEqual([payload.id]);
  });

  it("newer agents come beside one that is at work; its files go when nobody uses them any more", async () => {
    const root = path.join(scratch, "upgrade");
    const transport = await connected();
    const deployment = await deployed(transport, { root });
    const served = await deployment.serve(transport);
    const client = new AgentClient("node", served.stream);
    open.push(client);
    await client.request("agent/hello", { client: "test" });
    const bring = async (n: number) => {
      const id = `${n}`.padStart(32, "0");
      await transport.putFile(payload.archive, `${root}/deploy/${id}.tgz`, { mode: 0o600, timeoutMs: 60_000 });
      expect((await transport.exec(unpackScript(root, id), { timeoutMs: 60_000 })).code).toBe(0);
    };
    const there = async () => (await readdir(path.join(root, "deploy"))).filter((name) => !name.startsWith("."));
    for (const n of [1, 2, 3, 4]) await bring(n);
    expect(await there()).toContain(deployment.id);
    expect(await client.request("runs/list", {})).toEqual({ runs: [], unreadable: [] });
    client.close();
    served.close();
    await expect.poll(() => processesWith(`${root}/deploy/${deployment.id}/`)).toEqual([]);
    await bring(5);
    expect((await there()).sort()).toEqual([3, 4, 5].map((n) => `${n}`.padStart(32, "0")));
  });

  it("a process keeps the deployment it is of, by whatever path; not one of the same name below another folder", async () => {
    const transport = await connected();
    const [mine, others] = [path.join(scratch, "my own root"), path.join(scratch, "theirs")];
    const alias = path.join(scratch, "alias");
    await Promise.all([mine, others].map((root) => mkdir(path.join(root, "deploy"), { recursive: true })));
    await symlink(mine, alias);
    const idOf = (n: number) => `${n}`.padStart(32, "0");
    const bring = async (root: string, n: number) => {
      const folder = path.join(root, "deploy");
      await transport.putFile(payload.archive, path.join(folder, `${idOf(n)}.tgz`), {
        mode: 0o600,
        timeoutMs: 60_000,
      });
      expect((await transport.exec(unpackScript(root, idOf(n)), { timeoutMs: 60_000 })).code).toBe(0);
      await utimes(path.join(folder, idOf(n)), 1_700_000_000 + n, 1_700_000_000 + n); // which is the oldest is beyond doubt
    };
    const at = (root: string, n: number) => {
      const script = path.join(root, "deploy", idOf(n), "dist/agent/rzero.mjs");
      const working = spawn(process.execPath, ["-e", "setTimeout(() => {}, 600_000)", script]);
      open.push({ close: () => void working.kill() });
      return working;
    };
    for (const n of [1, 2, 3]) await bring(mine, n);
    const working = [at(alias, 1), at(others, 2), at(mine, 3)];
    for (const n of [4, 5, 6]) await bring(mine, n);
    const there = async () => (await readdir(path.join(mine, "deploy"))).filter((name) => !name.startsWith("."));
    expect((await there()).sort()).toEqual([1, 3, 4, 5, 6].map(idOf));
    for (const one of working) {
      one.kill();
      await once(one, "exit");
    }
    await bring(mine, 7);
    expect((await there()).sort()).toEqual([5, 6, 7].map(idOf));
  });

  it("a host without Node gets one", async () => {
    const root = path.join(scratch, "no-node");
    // A PATH with everything but Node.
    const bin = path.join(scratch, "bin");
    await mkdir(bin);
    for (const folder of ["/usr/bin", "/bin"]) {
      for (const name of await readdir(folder)) {
        if (!/^(node|nodejs|npm)/.test(name)) spawnSync("ln", ["-sf", path.join(folder, name), path.join(bin, name)]);
      }
    }
    const steps: string[] = [];
    const transport = await connected();
    const deployment = await deployed(transport, { root, env: { PATH: bin, HOME: scratch } }, steps);
    expect(steps).toContain("Bringing Node");
    expect(deployment.node.startsWith(root)).toBe(true);
    const client = new AgentClient("node", (await deployment.serve(transport)).stream);
    open.push(client);
    expect(await client.request("agent/hello", { client: "test" })).toMatchObject({ protocol: 1 });
  }, 240_000);

  it("a Python that is too old: a sentence, and nothing half made", async () => {
    const old = path.join(scratch, "python-old");
    await writeFile(old, "#!/bin/sh\nexit 1\n");
    await chmod(old, 0o755);
    const error = await failureOf(deployed(await connected(), { root: path.join(scratch, "old"), python: old }));
    expect(error.message).toContain("Python 3.11 or newer");
  });

  it("a folder that cannot be written", async () => {
    const error = await failureOf(deployed(await connected(), { root: "/proc/rzero" }));
    expect(error.message).toContain("rzero.hosts");
  });

  it.skipIf(process.getuid?.() !== 0)("no room: a sentence, and the next try with room succeeds", async () => {
    const root = path.join(scratch, "small");
    await mkdir(root);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", root]);
    try {
      const transport = await connected();
      expect((await failureOf(deployed(transport, { root }))).reason).toBe("no_room");
      execFileSync("mount", ["-o", "remount,size=64m", root]);
      await deployed(transport, { root });
    } finally {
      execFileSync("umount", ["-l", root]);
    }
  });

  it("a cancel ends it", async () => {
    const abort = new AbortController();
    const work = failureOf(deployed(await connected(), { root: path.join(scratch, "cancelled") }, [], abort.signal));
    setTimeout(() => abort.abort(), 300);
    expect((await work).reason).toBe("cancelled");
  });
});
