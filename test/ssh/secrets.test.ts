// Planted secrets: after a passphrase, a token and a refused download, none of them lies in a file, a command line or a message.

import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy } from "../../src/deploy/deploy.ts";
import { packPayload } from "../../src/deploy/payload.ts";
import { hostLog } from "../../src/hosts/hostLog.ts";
import { settingsOf } from "../../src/hosts/hostSettings.ts";
import { connectAgent } from "../../src/link/connectAgent.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { type Sshd, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
const checkout = path.resolve(import.meta.dirname, "../..");
const PASSPHRASE = "planted-passphrase-4711";
const TOKEN = "hf_plantedToken4712";
const secrets = [PASSPHRASE, TOKEN];
let sshd: Sshd;
let hub: TestHub;
let root: string;

beforeAll(async () => {
  expect(missing).toBeNull();
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  sshd = await startSshd({ passphrase: PASSPHRASE });
  hub = await startHub("tiny/gated", {
    "config.json": Buffer.from("{}"),
    "tokenizer.json": Buffer.from("{}"),
    "model.safetensors": Buffer.alloc(2_000_000, 7),
  });
  hub.token = TOKEN;
  root = await mkdtemp(path.join(tmpdir(), "rzero-secrets-"));
});
afterAll(async () => {
  await hub?.close();
  await sshd?.stop();
  if (root !== undefined) await rm(root, { recursive: true, force: true });
});

/** Command lines and environments of everything that runs, over and over, until it is stopped. */
function watchProcesses(): () => Promise<Set<string>> {
  const seen = new Set<string>();
  let going = true;
  const watching = (async () => {
    while (going) {
      for (const pid of await readdir("/proc")) {
        if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
        for (const what of ["cmdline", "environ"]) {
          const text = await readFile(`/proc/${pid}/${what}`, "latin1").catch(() => "");
          if (secrets.some((secret) => text.includes(secret)))
            seen.add(`${what}: ${text.replaceAll("\0", " ").slice(0, 200)}`);
        }
      }
    }
  })();
  return async () => {
    going = false;
    await watching;
    return seen;
  };
}

async function filesWithSecrets(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const text = await readFile(file, "latin1").catch(() => "");
    if (secrets.some((secret) => text.includes(secret))) found.push(file);
  }
  return found;
}

describe.skipIf(missing !== null)(`secrets${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it.each(["built-in", "system"] as const)("a passphrase and a token, by the %s client", async (via) => {
    if (via === "system") await sshd.configure(`  CertificateFile ${sshd.clientKey}.pub\n`);
    const stopWatching = watchProcesses();
    const told: string[] = [];
    const prompter = { secret: async () => PASSPHRASE, acceptHostKey: async () => false };
    const connector = {
      ssh: sshd.ssh,
      acceptedKeys: sshd.acceptedKeys,
      prompter,
      log: (line: string) => told.push(line),
    };
    const transport = await connectTo(connector, "node");
    expect(transport.via).toBe(via);
    const log = hostLog(path.join(root, "logs"), "node", () => new Date());
    const onProgress = (step: string, detail: string | null) => {
      told.push(`${step} ${detail}`);
      log.add(`${step} ${detail}`);
    };
    const env = {
      PATH: [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter),
      HF_ENDPOINT: hub.endpoint,
      HF_HUB_CACHE: path.join(root, `hub-${via}`),
    };
    const own = { root: path.join(root, "host"), python: process.env["RZERO_PYTHON"] ?? "python3", env };
    const { signal } = new AbortController();
    const settings = settingsOf({ node: own }, "node");
    const deployment = await deploy(transport, { settings, payload: await packPayload(checkout), onProgress, signal });
    const attached = await connectAgent(transport, (abort) => deployment.serve(transport, abort), signal);
    const { client } = attached;
    const command = "00000000-0000-4000-8000-000000000000";
    const wrong = { model: "tiny/gated", token: `${TOKEN}-of-another`, command };
    const refused = await client.request("models/fetch", wrong).catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: "HubAccess", message: expect.stringContaining("private or gated") });
    told.push(String(refused), JSON.stringify(refused));
    const fetched = await client.request("models/fetch", { model: "tiny/gated", token: TOKEN, command });
    told.push(JSON.stringify(fetched), JSON.stringify(await client.request("models/find", { model: "tiny/gated" })));
    await attached.close();
    expect([...(await stopWatching())]).toEqual([]);
    expect(told.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
    expect(await filesWithSecrets(root)).toEqual([]);
    expect(await filesWithSecrets(sshd.folder)).toEqual([]);
    // What is looked for would be found.
    expect(hub.requests.some(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
  });
});
