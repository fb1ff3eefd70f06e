import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runConfig } from "../../remote-agent/src/protocol/config.ts";
import { createRunDirectory } from "../../remote-agent/src/run/runDir.ts";
import { deploy } from "../../src/deploy/deploy.ts";
import { packPayload } from "../../src/deploy/payload.ts";
import { settingsOf } from "../../src/hosts/hostSettings.ts";
import { connectAgent } from "../../src/link/connectAgent.ts";
import type { LinkPorts } from "../../src/link/hostLink.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { sessionsOf, signalled, startSshd } from "./sshd.ts";

/** A host behind a private sshd on which one run lies, `a-run`, that no process owns. */
export interface SshHost {
  readonly runDir: string;
  /** As the product attaches: connects, deploys where needed, and starts the agent. */
  readonly attach: LinkPorts["attach"];
  /** Ends every connection, as a cut network does. */
  cut(): void;
  stop(): Promise<void>;
}

const checkout = path.resolve(import.meta.dirname, "../..");

export async function startSshHost(): Promise<SshHost> {
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" });
  const payload = await packPayload(checkout);
  const root = await mkdtemp(path.join(tmpdir(), "rzero-host-"));
  const config = runConfig.parse({ domain: "sort", model: "demo" });
  const identity = { agent: "source", engine: "none", model: "none" };
  const run = { id: "a-run", createdAt: new Date(0).toISOString(), config, modelDir: "/", identity };
  const runDir = await createRunDirectory(root, run);
  const sshd = await startSshd();
  const PATH = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
  const python = process.env["RZERO_PYTHON"] ?? "python3";
  const settings = settingsOf({ node: { root, python, env: { PATH } } }, "node");
  const prompter = { secret: async () => null, acceptHostKey: async () => false };
  const connector = { ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter, log: () => undefined };
  return {
    runDir,
    attach: async (onProgress, signal) => {
      const transport = await connectTo(connector, "node");
      const deployment = await deploy(transport, { settings, payload, onProgress, signal });
      return connectAgent(transport, (abort) => deployment.serve(transport, abort), signal);
    },
    cut: () => {
      for (const session of sessionsOf(sshd.pid)) signalled(session, "SIGKILL");
    },
    stop: async () => {
      await sshd.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
