// What hosts are like: each condition ends with an agent that was deployed and answers, or with one clear sentence.

import { execFileSync, spawnSync } from "node:child_process";
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Deployment, deploy } from "../../src/deploy/deploy.ts";
import { type NodePorts, nodeFor } from "../../src/deploy/nodeFor.ts";
import { nodeRuntime } from "../../src/deploy/nodeRuntime.ts";
import { type Payload, packPayload } from "../../src/deploy/payload.ts";
import { factsOf } from "../../src/hosts/hostFacts.ts";
import { preamble, settingsOf } from "../../src/hosts/hostSettings.ts";
import { probeScript } from "../../src/hosts/probeScript.ts";
import { connectAgent } from "../../src/link/connectAgent.ts";
import { HostLink } from "../../src/link/hostLink.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { localTransport } from "../../src/ssh/localTransport.ts";
import { type Transport, TransportError } from "../../src/ssh/transport.ts";
import { dropbearMissing, startDropbear } from "../support/dropbear.ts";
import { type Wire, wireTo } from "../support/link/wire.ts";
import { keygen, type Sshd, type SshdOptions, sessionsOf, signalled, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
const noDropbear = missing === null ? dropbearMissing() : missing;
const checkout = path.resolve(import.meta.dirname, "../..");
const python = process.env["RZERO_PYTHON"] ?? "python3";
const withNode = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
let payload: Payload;
let scratch: string;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  expect(missing).toBeNull();
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  [payload, scratch] = await Promise.all([packPayload(checkout), mkdtemp(path.join(tmpdir(), "rzero-conditions-"))]);
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(async () => {
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
});

async function server(options: SshdOptions = {}): Promise<Sshd> {
  const sshd = await startSshd(options);
  open.push(() => sshd.stop());
  return sshd;
}

interface Person {
  readonly secrets: string[];
  readonly accepts: boolean;
  asked: number;
}

async function connected(sshd: Sshd, alias = "node", who: Person = { secrets: [], accepts: false, asked: 0 }) {
  const prompter = {
    secret: async () => {
      who.asked += 1;
      return who.secrets.shift() ?? null;
    },
    acceptHostKey: async () => {
      who.asked += 1;
      return who.accepts;
    },
  };
  const connector = { ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter, log: () => undefined };
  const transport = await connectTo(connector, alias);
  open.push(() => transport.close());
  return transport;
}

async function deployed(
  transport: Transport,
  settings: Record<string, unknown> = {},
  steps: string[] = [],
  node?: NodePorts,
): Promise<Deployment> {
  // One folder for all: what differs is the way there.
  const own = { root: path.join(scratch, "root"), python, env: { PATH: withNode }, ...settings };
  return deploy(transport, {
    settings: settingsOf({ node: own }, "node"),
    payload,
    signal: new AbortController().signal,
    onProgress: (step, detail) => steps.push(detail === null ? step : `${step}: ${detail}`),
    ...(node === undefined ? {} : { node }),
  });
}

/** Deploys, starts the agent, and has an answer of it. */
async function answering(transport: Transport, settings: Record<string, unknown> = {}): Promise<Deployment> {
  const deployment = await deployed(transport, settings);
  const attached = await connectAgent(
    transport,
    (signal) => deployment.serve(transport, signal),
    new AbortController().signal,
  );
  expect(await attached.client.request("runs/list", {})).toEqual({ runs: [], unreadable: [] });
  attached.client.close();
  return deployment;
}

async function sentenceOf(work: Promise<unknown>): Promise<TransportError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportError);
  return error as TransportError;
}

/** The login shell becomes a program of the test, which gets the command in SSH_ORIGINAL_COMMAND. */
async function loginShell(sshd: Sshd, script: string): Promise<void> {
  const file = path.join(sshd.folder, "login");
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const keys = path.join(sshd.folder, "authorized_keys");
  await writeFile(keys, `command="${file}" ${await readFile(keys, "utf8")}`);
}

/** `Host far`: the server behind a wire that records. */
async function behindWire(sshd: Sshd, known: string | null): Promise<Wire> {
  const wire = await wireTo(sshd.port);
  open.push(() => wire.close());
  if (known !== null) await appendFile(sshd.knownHosts, `[127.0.0.1]:${wire.port} ${known}\n`);
  await sshd.configure(
    `Host far\n  HostName 127.0.0.1\n  Port ${wire.port}\n  User ${sshd.user}\n  IdentityFile ${sshd.clientKey}\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile ${sshd.knownHosts}\n  GlobalKnownHostsFile /dev/null\n`,
  );
  return wire;
}

const publicKey = async (file: string) => (await readFile(file, "utf8")).split(" ").slice(0, 2).join(" ");

/** A PATH with everything but what begins so, and what is put there instead. */
async function pathWithout(name: RegExp, instead: Record<string, string> = {}): Promise<string> {
  const bin = await mkdtemp(path.join(scratch, "bin-"));
  for (const folder of ["/usr/bin", "/bin"]) {
    const names = (await readdir(folder)).filter((entry) => !name.test(entry));
    spawnSync("ln", ["-sf", "-t", bin, ...names.map((entry) => path.join(folder, entry))]);
  }
  for (const [entry, script] of Object.entries(instead)) {
    await rm(path.join(bin, entry), { force: true });
    await writeFile(path.join(bin, entry), script);
    await chmod(path.join(bin, entry), 0o755);
  }
  return bin;
}

const OLD_PYTHON = "#!/bin/sh\necho '3.8.10 yes /usr/bin/python3.8'\n";

describe.skipIf(missing !== null)(`conditions of hosts${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("a jump host", async () => {
    const [jump, sshd] = [await server(), await server()];
    await sshd.configure(
      `  ProxyJump gate\nHost gate\n  HostName 127.0.0.1\n  Port ${jump.port}\n  User ${jump.user}\n  IdentityFile ${jump.clientKey}\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile ${jump.knownHosts}\n`,
    );
    await answering(await connected(sshd));
    expect(await jump.log()).toContain("Accepted publickey");
  });

  it("a key with a passphrase: asked for, once", async () => {
    const who = { secrets: ["correct horse"], accepts: false, asked: 0 };
    await answering(await connected(await server({ passphrase: "correct horse" }), "node", who));
    expect(who.asked).toBe(1);
  });

  it("a hashed known_hosts", async () => {
    await answering(await connected(await server({ hashed: true })));
  });

  it("an unknown key: asked, remembered, not asked again", async () => {
    const sshd = await server({ known: false });
    const who = { secrets: [], accepts: true, asked: 0 };
    await answering(await connected(sshd, "node", who));
    await answering(await connected(sshd, "node", who));
    expect(who.asked).toBe(1);
  });

  it("a changed key: refused, and no byte goes out behind the key exchange", async () => {
    const sshd = await server({ known: false });
    keygen(path.join(sshd.folder, "other"), "");
    const wire = await behindWire(sshd, await publicKey(path.join(sshd.folder, "other.pub")));
    const who = { secrets: ["never"], accepts: true, asked: 0 };
    const error = await sentenceOf(connected(sshd, "far", who));
    expect(error.reason).toBe("host_key");
    expect(error.message).toContain("nothing was sent");
    expect(who.asked).toBe(0);
    // Identification, then packets: length, padding length, message number. 20 and 30: key exchange; 1: good-bye.
    const sent = wire.sent();
    let at = sent.indexOf("\n") + 1;
    const numbers: number[] = [];
    for (; at < sent.length; at += 4 + sent.readUInt32BE(at)) numbers.push(sent.readUInt8(at + 5));
    expect(numbers.slice(0, 2)).toEqual([20, 30]);
    expect(numbers.slice(2).filter((number) => number !== 1)).toEqual([]);
  });

  it("a post-quantum-only server: the system's ssh takes over", async () => {
    const transport = await connected(await server({ config: "KexAlgorithms sntrup761x25519-sha512@openssh.com" }));
    expect(transport.via).toBe("system");
    await answering(transport);
  });

  it("no SFTP: a whole deployment without it", async () => {
    const root = path.join(scratch, "no-sftp");
    await answering(await connected(await server({ sftp: false })), { root });
  });

  it("noisy start-up files", async () => {
    const sshd = await server();
    await loginShell(
      sshd,
      `yes 'Welcome!' | head -n 500\nprintf 'no newline'\nexec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`,
    );
    await answering(await connected(sshd));
  });

  it("slow start-up files", async () => {
    const sshd = await server();
    await loginShell(sshd, `sleep 3\nexec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`);
    await answering(await connected(sshd));
  });

  it.each(["/usr/bin/fish", "/bin/tcsh"])("%s as login shell", async (shell) => {
    const sshd = await server();
    await loginShell(sshd, `exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`);
    await answering(await connected(sshd));
  });

  it("an account without a shell: what it said", async () => {
    const sshd = await server();
    await loginShell(sshd, "echo This account is not available; exit 1");
    const error = await sentenceOf(deployed(await connected(sshd)));
    expect(error.message).toMatch(/login shell of node .* This account is not available/);
  });

  it.skipIf(process.getuid?.() !== 0)("no space left: said so, and the next try with room succeeds", async () => {
    const root = path.join(scratch, "small");
    await mkdir(root);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", root]);
    try {
      const transport = await connected(await server());
      const error = await sentenceOf(deployed(transport, { root }));
      expect(error).toMatchObject({ reason: "no_room", message: expect.stringContaining("no room") });
      execFileSync("mount", ["-o", "remount,size=64m", root]);
      await answering(transport, { root });
    } finally {
      execFileSync("umount", ["-l", root]);
    }
  });

  it("a Python that is too old stands first in the PATH: a newer one is found, or the sentence names it", async () => {
    const sshd = await server();
    const transport = await connected(sshd);
    const node = path.dirname(process.execPath);
    const alone = await pathWithout(/^(python|node|npm)/, { python3: OLD_PYTHON });
    const root = path.join(scratch, "old-python");
    const noNode = await sentenceOf(deployed(transport, { root, python: null, env: { PATH: alone } }));
    expect(noNode.message).toContain("neither Node 22.16 nor a Python");
    const none = await sentenceOf(deployed(transport, { root, python: null, env: { PATH: `${alone}:${node}` } }));
    expect(none.message).toContain("Python 3.11 or newer");
    const both = await pathWithout(/^(python|node|npm)/, {
      python3: OLD_PYTHON,
      "python3.11": `#!/bin/sh\nexec ${python} "$@"\n`,
    });
    // The old one would be taken by its place; the report and the deployment take the one that fits.
    const before = preamble(settingsOf({ node: { root, env: { PATH: both } } }, "node"));
    const facts = factsOf((await transport.exec(before + probeScript(root), { timeoutMs: 60_000 })).stdout);
    expect(facts.pythons.map(({ version }) => version[1])).toEqual([expect.any(Number), 8]);
    const { signal } = new AbortController();
    const options = { root, before, signal, onProgress: () => undefined, editor: null, runtime: async () => null };
    const brought = await nodeFor(transport, facts, options);
    expect(brought).toMatchObject({ from: "pip", path: expect.stringContaining(root) });
  }, 200_000);

  it("neither Node nor a package index: Node is uploaded, after a question, and found the next time", async () => {
    const sshd = await server();
    const transport = await connected(sshd);
    const root = path.join(scratch, "offline");
    const offline = { PATH: await pathWithout(/^(node|npm)/), PIP_INDEX_URL: "http://127.0.0.1:9/simple" };
    const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "rzero", "node-runtime");
    const source = { cache, registry: "https://registry.npmjs.org", fetch };
    let asked = 0;
    const node: NodePorts = {
      editor: null,
      runtime: async (platform) => {
        asked += 1;
        return asked === 1 ? null : nodeRuntime(platform, source, () => undefined, new AbortController().signal);
      },
    };
    const refused = await sentenceOf(deployed(transport, { root, env: offline }, [], node));
    expect(refused.message).toContain("Node could not be installed by pip");
    const steps: string[] = [];
    const deployment = await deployed(transport, { root, env: offline }, steps, node);
    expect(deployment).toMatchObject({ nodeFrom: "uploaded", node: expect.stringContaining(root) });
    expect(steps.join("\n")).toMatch(/Node: .*uploaded from this computer/);
    expect((await answering(transport, { root, env: offline })).nodeFrom).toBe("uploaded");
    expect(asked).toBe(2);
  }, 400_000);

  it("this machine: the editor's own Node, where it has what the agent needs", async () => {
    const local = localTransport("this machine", { ...process.env, PATH: await pathWithout(/^(node|npm)/) });
    open.push(() => local.close());
    const runtime = async () => null;
    const settings = { env: {} };
    const deployment = await deployed(local, settings, [], { editor: process.execPath, runtime });
    expect(deployment).toMatchObject({ nodeFrom: "editor", node: process.execPath });
    // An editor whose Node is too old, or lacks SQLite, is passed over.
    const found = await deployed(local, { env: { PATH: withNode } }, [], { editor: "/bin/false", runtime });
    expect(found.nodeFrom).toBe("host");
  });

  it("a server that stands still: the age of what was heard is seen, then the link is made anew", async () => {
    const sshd = await server();
    const first = await connected(sshd);
    const deployment = await deployed(first);
    await first.close();
    const seen: string[] = [];
    let lastHeard = 0;
    const link = new HostLink({
      attach: async (_, signal) => {
        const transport = await connected(sshd);
        return connectAgent(transport, (abort) => deployment.serve(transport, abort), signal);
      },
      now: Date.now,
      random: () => 0,
      onState: (state) => {
        if (state.kind === "connected") lastHeard = state.lastHeard;
        if (seen.at(-1) !== state.kind) seen.push(state.kind);
      },
    });
    open.push(() => link.close());
    link.connect();
    await expect.poll(() => link.state.kind).toBe("connected");
    await link.request("runs/list", {});
    const stopped = sessionsOf(sshd.pid);
    for (const session of stopped) signalled(session, "SIGSTOP");
    try {
      await expect.poll(() => Date.now() - lastHeard).toBeGreaterThan(5000);
      expect(link.state.kind).toBe("connected");
      await expect.poll(() => seen).toContain("waiting");
      await expect.poll(() => link.state.kind).toBe("connected");
      expect(await link.request("runs/list", {})).toEqual({ runs: [], unreadable: [] });
    } finally {
      for (const session of stopped) signalled(session, "SIGKILL");
    }
  }, 180_000);

  it.skipIf(noDropbear !== null)(`Dropbear${noDropbear === null ? "" : ` (skipped: ${noDropbear})`}`, async () => {
    const sshd = await server();
    open.push(await startDropbear(sshd));
    const root = path.join(scratch, "dropbear");
    const transport = await connected(sshd, "dropbear");
    expect(transport.via).toBe("built-in");
    await answering(transport, { root });
  });
});
