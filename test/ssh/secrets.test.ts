// Planted secrets: after passphrases, passwords, tokens and keys were used, none of them lies in a file, a command line, an event, a record
// or a message, on either side, nor in the environment of a program that does not need it.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunEvents } from "../../remote-agent/src/protocol/rpc.ts";
import { type Deployment, deploy } from "../../src/deploy/deploy.ts";
import { packPayload } from "../../src/deploy/payload.ts";
import { hostLog } from "../../src/hosts/hostLog.ts";
import { settingsOf } from "../../src/hosts/hostSettings.ts";
import { connectAgent } from "../../src/link/connectAgent.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import type { Transport } from "../../src/ssh/transport.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { startPasswordSshd } from "../support/passwordSshd.ts";
import { filesWith, linesWith, watchProcesses } from "../support/planted.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine } from "../support/scriptedRun.ts";
import { type Sshd, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
const checkout = path.resolve(import.meta.dirname, "../..");
const python = process.env["RZERO_PYTHON"] ?? "python3";
const secrets = {
  passphrase: "planted-passphrase-4711",
  password: "planted-password-4713",
  hub: "hf_plantedToken4712",
  wandb: "4714".padEnd(40, "abcdef0"),
  endpoint: "sk-planted-4715",
  webhook: "planted-hook-4716",
};
let hub: TestHub;
let root: string;
let payload: Awaited<ReturnType<typeof packPayload>>;
const servers: Sshd[] = [];
/** Everything that was logged, shown as progress, or received. */
let told: string[];

beforeAll(async () => {
  expect(missing).toBeNull();
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  payload = await packPayload(checkout);
  hub = await startHub("tiny/gated", {
    "config.json": Buffer.from("{}"),
    "tokenizer.json": Buffer.from("{}"),
    "model.safetensors": Buffer.alloc(2_000_000, 7),
  });
  hub.token = secrets.hub;
  root = await mkdtemp(path.join(tmpdir(), "rzero-secrets-"));
});
afterEach(async () => {
  for (const sshd of servers.splice(0)) await sshd.stop();
});
afterAll(async () => {
  await hub?.close();
  if (root !== undefined) await rm(root, { recursive: true, force: true });
});

async function reach(sshd: Sshd, secret: string): Promise<Transport> {
  servers.push(sshd);
  told = [];
  const prompter = { secret: async () => secret, acceptHostKey: async () => false };
  const { ssh, acceptedKeys } = sshd;
  return connectTo({ ssh, acceptedKeys, prompter, log: (line: string) => told.push(line) }, "node");
}

async function deployed(transport: Transport, own: Record<string, unknown>): Promise<Deployment> {
  const log = hostLog(path.join(root, "logs"), "node", () => new Date());
  const onProgress = (step: string, detail: string | null) => {
    told.push(`${step} ${detail}`);
    log.add(`${step} ${detail}`);
  };
  const PATH = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
  const env = { PATH, HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: path.join(root, `hub-${transport.via}`) };
  const settings = settingsOf({ node: { root: path.join(root, "host"), python, env, ...own } }, "node");
  return deploy(transport, { settings, payload, onProgress, signal: new AbortController().signal });
}

async function nothingIsFound(all: Record<string, string>, folders: readonly string[]): Promise<void> {
  expect(linesWith(told, all)).toEqual([]);
  for (const folder of folders) expect(await filesWith(folder, all)).toEqual([]);
}

describe.skipIf(missing !== null)(`secrets${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it.each(["built-in", "system"] as const)("a passphrase and a hub's token, by the %s client", async (via) => {
    const sshd = await startSshd({ passphrase: secrets.passphrase });
    if (via === "system") await sshd.configure(`  CertificateFile ${sshd.clientKey}.pub\n`);
    const stopWatching = watchProcesses(secrets);
    const transport = await reach(sshd, secrets.passphrase);
    expect(transport.via).toBe(via);
    const deployment = await deployed(transport, {});
    const attached = await connectAgent(
      transport,
      (abort) => deployment.serve(transport, abort),
      AbortSignal.timeout(60_000),
    );
    const { client } = attached;
    const command = "00000000-0000-4000-8000-000000000000";
    const wrong = { model: "tiny/gated", token: `${secrets.hub}-of-another`, command };
    const refused = await client.request("models/fetch", wrong).catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: "HubAccess", message: expect.stringContaining("private or gated") });
    told.push(String(refused), JSON.stringify(refused));
    const fetched = await client.request("models/fetch", { model: "tiny/gated", token: secrets.hub, command });
    told.push(JSON.stringify(fetched), JSON.stringify(await client.request("models/find", { model: "tiny/gated" })));
    await attached.close();
    expect(await stopWatching()).toEqual([]);
    await nothingIsFound(secrets, [root, sshd.folder]);
    // What is looked for would be found.
    expect(hub.requests.some(({ authorization }) => authorization === `Bearer ${secrets.hub}`)).toBe(true);
  });

  const asked = process.getuid?.() === 0 ? it : it.skip; // its server needs root for a mount of its own
  asked.each(["built-in", "system"] as const)("a password that the server asks for, by the %s client", async (via) => {
    const sshd = await startPasswordSshd(secrets.password);
    if (via === "system") await sshd.configure(`  CertificateFile ${sshd.clientKey}.pub\n`);
    const stopWatching = watchProcesses(secrets);
    await expect(reach(sshd, "another-one")).rejects.toThrow();
    const transport = await reach(sshd, secrets.password);
    expect(transport.via).toBe(via);
    const signal = AbortSignal.timeout(60_000);
    const answer = await transport.exec("echo reached", { timeoutMs: 30_000, signal });
    expect(answer.stdout.trim()).toBe("reached");
    await transport.close();
    expect(await stopWatching()).toEqual([]);
    await nothingIsFound(secrets, [root, sshd.folder]);
    expect(await sshd.log()).toMatch(/Accepted keyboard-interactive\/pam/);
  });

  it("the keys of Weights & Biases, an engine and another server, and an alarms' address, over a run", async () => {
    const home = await temporaryInstallation();
    const model = await baseModel(home);
    const engine = await sortingEngine(model);
    const other = await startEndpoint();
    const all = { ...secrets, engine: engine.token };
    // As a user would: a file of their own, which the set-up lines of the host read.
    const keys = path.join(home.home, "keys.sh");
    await mkdir(path.join(root, "sockets"), { recursive: true, mode: 0o700 });
    await writeFile(keys, exportsOf({ all, sockets: path.join(root, "sockets") }), { mode: 0o600 });
    try {
      const transport = await reach(await startSshd(), "");
      const deployment = await deployed(transport, { setup: [`. ${keys}`] });
      const stopWatching = watchProcesses(all);
      const attached = await connectAgent(
        transport,
        (abort) => deployment.serve(transport, abort),
        AbortSignal.timeout(60_000),
      );
      const { client } = attached;
      const text = JSON.stringify(configFor(engine, model));
      const params = { text, command: crypto.randomUUID(), by: "test" };
      const { run, directory } = await client.request("runs/start", params, { limitMs: 60_000 });
      await followed(client, run);
      const firstId = async () => (await client.request("runs/questions", { run, query: { limit: 1 } })).rows[0]?.id;
      await expect.poll(firstId).toBeDefined(); // its index is behind at first
      const id = (await firstId()) ?? "";
      const endpoint = { url: other.url, model: "gpt-test", key: secrets.endpoint };
      const asked = { run, id, m: 1, endpoint, command: crypto.randomUUID(), by: "test" };
      told.push(JSON.stringify(await client.request("runs/reask", asked, { limitMs: 60_000 })));
      other.refuse();
      const again = { ...asked, command: crypto.randomUUID() };
      const refused = await client.request("runs/reask", again, { limitMs: 60_000 }).catch((error: unknown) => error);
      expect(String(refused)).toContain("401");
      told.push(String(refused), JSON.stringify(refused));
      // The built-in engine as well, which is a program of its own.
      const { url: _, ...builtIn } = configFor(engine, model).engine;
      const own = JSON.stringify({ ...configFor(engine, model), engine: builtIn });
      const second = { text: own, command: crypto.randomUUID(), by: "test" };
      const started = await client.request("runs/start", second, { limitMs: 60_000 });
      const isThere = () => readFile(path.join(started.directory, "engine.json"), "utf8").catch(() => "");
      await expect.poll(isThere, { timeout: 90_000 }).toContain("pid");
      await client.request("runs/stop", { run: started.run, command: crypto.randomUUID(), by: "test" });
      const isLive = async () => (await client.request("runs/show", { run: started.run })).live;
      await expect.poll(isLive).toBe(false); // its programs end, and write
      await attached.close();
      const sightings = await stopWatching();
      expect(sightings.filter(({ where }) => where === "cmdline")).toEqual([]);
      expect(sightings.filter((sighting) => !isNeeded(sighting))).toEqual([]);
      await nothingIsFound(all, [root, servers[0]?.folder ?? "", directory]);
      // All of them were used, and what is looked for would be found.
      expect(other.authorizations).toEqual(Array(2).fill(`Bearer ${secrets.endpoint}`));
      expect(engine.callsOf("optim_step").length).toBeGreaterThan(0);
      expect(sightings.some(({ process }) => process.includes("metrics_out wandb"))).toBe(true);
    } finally {
      await other.close();
      await engine.close();
      await home.remove();
    }
  }, 240_000);
});

/** Who may have what in its environment: what a shell that reads the person's file starts, a run's owner, and the sink. */
function isNeeded({ process: program, secrets: names }: { process: string; secrets: readonly string[] }): boolean {
  if (/metrics_out wandb|wandb/.test(program)) return names.every((name) => name === "wandb");
  if (/ supervise /.test(program)) return names.every((name) => ["wandb", "engine", "webhook"].includes(name));
  // What our script has its shell do for the folder of the host, after the person's lines, takes a millisecond or two and is seldom seen.
  const ofTheShell = /^(\/bin\/)?(sh|bash|dash) |^mkdir -p \S+\/deploy$|^chmod 700 /;
  return / serve --stdio$/.test(program) || ofTheShell.test(program);
}

function exportsOf({ all, sockets }: { all: Record<string, string>; sockets: string }): string {
  const variables = {
    WANDB_API_KEY: all["wandb"],
    RZERO_ENGINE_TOKEN: all["engine"],
    OPENAI_API_KEY: all["endpoint"],
    HF_TOKEN: all["hub"],
    RZERO_ALARM_WEBHOOK: `http://127.0.0.1:9/${all["webhook"]}`,
    XDG_RUNTIME_DIR: sockets,
    OMP_NUM_THREADS: "1",
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${value}\n`)
    .join("");
}

function configFor(engine: ScriptedEngine, model: string) {
  const config = smallConfig((config) => {
    config.iterations = 1;
    config.alarms.webhook = "environment";
    Object.assign(config.metrics, { tensorboard: true, wandb: { project: "test", entity: null, mode: "offline" } });
  });
  return { ...config, model, engine: { ...config.engine, url: engine.url } };
}

/** Follows a run to its end; every record is among what was told. */
async function followed(client: Awaited<ReturnType<typeof connectAgent>>["client"], run: string): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    client.onEvents((events: RunEvents) => {
      told.push(JSON.stringify(events));
      client.request("runs/ack", { subscription: events.subscription, to: events.to }).catch(reject);
      if (events.ended) resolve();
    });
  });
  await client.request("runs/subscribe", { run, since: 0 });
  await ended;
  const summary = await client.request("runs/show", { run });
  expect(summary.view.state).toBe("completed");
  told.push(JSON.stringify(summary));
}

/** A server that speaks OpenAI's dialect, and can come to refuse a key, repeating it. */
async function startEndpoint() {
  const authorizations: string[] = [];
  let refuses = false;
  const server = http.createServer((request, response) => {
    authorizations.push(request.headers.authorization ?? "");
    request.resume();
    response.setHeader("content-type", "application/json");
    if (refuses) {
      const message = `Incorrect API key provided: ${secrets.endpoint}`;
      response.writeHead(401).end(JSON.stringify({ error: { message } }));
      return;
    }
    const message = { role: "assistant", content: "\\boxed{1}" };
    response.end(
      JSON.stringify({ choices: [{ index: 0, message, finish_reason: "stop" }], usage: { completion_tokens: 3 } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    authorizations,
    refuse: () => {
      refuses = true;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
