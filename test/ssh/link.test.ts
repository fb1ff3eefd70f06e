import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runConfig } from "../../remote-agent/src/protocol/config.ts";
import { createRunDirectory } from "../../remote-agent/src/run/runDir.ts";
import { type Deployment, deploy } from "../../src/deploy/deploy.ts";
import { packPayload } from "../../src/deploy/payload.ts";
import { settingsOf } from "../../src/hosts/hostSettings.ts";
import { AgentClient } from "../../src/link/agentClient.ts";
import { HostLink } from "../../src/link/hostLink.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { type Sshd, sessionsOf, sshdMissing, startSshd } from "../support/sshd.ts";
import { RunWriter, task } from "../support/writtenRun.ts";

const missing = sshdMissing();
const checkout = path.resolve(import.meta.dirname, "../..");
const CALLS = 400;
const CUTS = Number(process.env["RZERO_CUTS"] ?? 8);
let sshd: Sshd;
let root: string;
let total: number;

beforeAll(async () => {
  expect(missing).toBeNull();
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  sshd = await startSshd();
  root = await mkdtemp(path.join(tmpdir(), "rzero-link-"));
  const config = runConfig.parse({ domain: "sort", model: "demo" });
  const identity = { agent: "source", engine: "none", model: "none" };
  const run = { id: "a-run", createdAt: new Date(0).toISOString(), config, modelDir: "/", identity };
  const writer = await RunWriter.open(await createRunDirectory(root, run));
  for (let call = 0; call < CALLS; call++) {
    await writer.call(
      `call:${call}`,
      "source",
      Array.from({ length: 20 }, (_, i) => task(`sort ${call}${i}${"7".repeat(200)}`)),
    );
  }
  total = writer.journal.durableSeq;
  await writer.close();
});

afterAll(async () => {
  await sshd?.stop();
  if (root !== undefined) await rm(root, { recursive: true, force: true });
});

describe.skipIf(missing !== null)(`the link to a host${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it(`follows a run through ${CUTS} cuts: no record is lost, none comes twice`, async () => {
    const nobody = { secret: async () => null, acceptHostKey: async () => false };
    const connect = () =>
      connectTo({ ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter: nobody, log: () => undefined }, "node");
    const withNode = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
    const settings = settingsOf(
      { n: { root, python: process.env["RZERO_PYTHON"] ?? "python3", env: { PATH: withNode } } },
      "n",
    );
    const payload = await packPayload(checkout);
    const seen: number[] = [];
    const states: string[] = [];
    let wake: () => void = () => undefined;
    const link = new HostLink({
      attach: async (onProgress, signal) => {
        const transport = await connect();
        const deployment: Deployment = await deploy(transport, { settings, payload, onProgress, signal });
        const served = await deployment.serve(transport, signal);
        const client = new AgentClient("node", served.stream);
        const close = async () => {
          client.close();
          await transport.close();
        };
        return { client, lost: transport.closed, close };
      },
      now: Date.now,
      random: () => 0,
      onState: ({ kind }) => states.at(-1) !== kind && states.push(kind),
    });
    const pid = Number(await readFile(path.join(sshd.folder, "sshd.pid"), "utf8"));
    let cuts = 0;
    let sinceCut = 0;
    link.follow(
      {
        run: "a-run",
        types: undefined,
        onRecords: (records, seq) => {
          seen.push(...records.map((record) => record.seq));
          sinceCut += records.length;
          // Cut in the middle of what is under way: at a place that moves with every cut.
          const noticed = states.filter((kind) => kind === "waiting").length;
          if (cuts < CUTS && noticed === cuts && sinceCut > 100 + 97 * cuts) {
            cuts += 1;
            sinceCut = 0;
            for (const session of sessionsOf(pid)) process.kill(session, "SIGKILL");
          }
          if (seq === total) wake();
        },
        onEnded: () => undefined,
        onFailed: (error) => {
          throw error;
        },
      },
      0,
    );
    await new Promise<void>((resolve) => {
      wake = resolve;
      link.connect();
    });
    await link.close();
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(cuts).toBe(CUTS);
    expect(states.filter((kind) => kind === "waiting")).toHaveLength(CUTS);
    expect(link.state).toEqual({ kind: "idle" });
  }, 300_000);
});
