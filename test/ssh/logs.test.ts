import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runConfig } from "../../remote-agent/src/protocol/config.ts";
import { formatLine } from "../../remote-agent/src/run/logs/line.ts";
import { createRunDirectory } from "../../remote-agent/src/run/runDir.ts";
import { deploy } from "../../src/deploy/deploy.ts";
import { packPayload } from "../../src/deploy/payload.ts";
import { settingsOf } from "../../src/hosts/hostSettings.ts";
import { AgentClient } from "../../src/link/agentClient.ts";
import { HostLink } from "../../src/link/hostLink.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { type Sshd, sessionsOf, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
const checkout = path.resolve(import.meta.dirname, "../..");
const LINES = 20_000;
const CUTS = Number(process.env["RZERO_CUTS"] ?? 4);
let sshd: Sshd;
let root: string;

beforeAll(async () => {
  expect(missing).toBeNull();
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  sshd = await startSshd();
  root = await mkdtemp(path.join(tmpdir(), "rzero-logs-"));
  const config = runConfig.parse({ domain: "sort", model: "demo" });
  const identity = { agent: "source", engine: "none", model: "none" };
  const run = { id: "a-run", createdAt: new Date(0).toISOString(), config, modelDir: "/", identity };
  const logs = path.join(await createRunDirectory(root, run), "logs");
  await mkdir(logs, { recursive: true });
  // Two programs write in turns; the older half of one log has been rotated.
  for (let n = 0; n < LINES; n += 1000) {
    const block = (odd: number, source: string) =>
      Array.from({ length: 500 }, (_, i) => n + 2 * i + odd)
        .map((at) => formatLine(1_764_000_000_000 + at, "info", source, `line ${at} ${"x".repeat(80)}`))
        .join("");
    await appendFile(path.join(logs, n < LINES / 2 ? "agent.log.1" : "agent.log"), block(0, "agent"));
    await appendFile(path.join(logs, "engine.log"), block(1, "engine"));
  }
});

afterAll(async () => {
  await sshd?.stop();
  if (root !== undefined) await rm(root, { recursive: true, force: true });
});

describe.skipIf(missing !== null)(`logs over SSH${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it(`go on through ${CUTS} cuts: no line is lost, none comes twice`, async () => {
    const nobody = { secret: async () => null, acceptHostKey: async () => false };
    const connector = { ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter: nobody, log: () => undefined };
    const withNode = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
    const settings = settingsOf(
      { n: { root, python: process.env["RZERO_PYTHON"] ?? "python3", env: { PATH: withNode } } },
      "n",
    );
    const payload = await packPayload(checkout);
    const states: string[] = [];
    const link = new HostLink({
      attach: async (onProgress, signal) => {
        const transport = await connectTo(connector, "node");
        const deployment = await deploy(transport, { settings, payload, onProgress, signal });
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
    const seen: number[] = [];
    let cuts = 0;
    let sinceCut = 0;
    await new Promise<void>((resolve, reject) => {
      link.followLogs({
        run: "a-run",
        sources: undefined,
        last: undefined,
        follow: true,
        onLines: (lines, lost) => {
          expect(lost).toBe(false);
          seen.push(...lines.map(({ text }) => Number(/^line (\d+) /.exec(text)?.[1])));
          sinceCut += lines.length;
          const noticed = states.filter((kind) => kind === "waiting").length;
          if (cuts < CUTS && noticed === cuts && sinceCut > 700 + 600 * cuts) {
            cuts += 1;
            sinceCut = 0;
            for (const session of sessionsOf(pid)) process.kill(session, "SIGKILL");
          }
        },
        onEnded: () => resolve(),
        onFailed: reject,
      });
      link.connect();
    });
    await link.close();
    expect(seen).toEqual(Array.from({ length: LINES }, (_, n) => n));
    expect(cuts).toBe(CUTS);
    expect(states.filter((kind) => kind === "waiting")).toHaveLength(CUTS);
  }, 300_000);
});
