import { execFileSync } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Deployment, deploy } from "../../../src/deploy/deploy.ts";
import { packPayload } from "../../../src/deploy/payload.ts";
import { settingsOf } from "../../../src/hosts/hostSettings.ts";
import { connectAgent } from "../../../src/link/connectAgent.ts";
import type { LinkPorts } from "../../../src/link/hostLink.ts";
import { connectTo } from "../../../src/ssh/connect.ts";
import type { Transport } from "../../../src/ssh/transport.ts";
import { type Sshd, startSshd } from "../sshd.ts";
import { type Wire, wireTo } from "./wire.ts";

/** A host behind a wire: a private sshd, an agent deployed there, and the attachment that the product's link uses. */
export interface LinkLab {
  readonly sshd: Sshd;
  readonly wire: Wire;
  /** RZERO_HOME of the host. */
  readonly root: string;
  readonly attach: LinkPorts["attach"];
  close(): Promise<void>;
}

const checkout = path.resolve(import.meta.dirname, "../../..");

export async function openLinkLab(python: string): Promise<LinkLab> {
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: checkout, stdio: "ignore" }); // the agent that is deployed
  const sshd = await startSshd();
  const wire = await wireTo(sshd.port);
  const root = await mkdtemp(path.join(tmpdir(), "rzero-link-"));
  await appendFile(
    sshd.knownHosts,
    (await readFile(sshd.knownHosts, "utf8")).replaceAll(`:${sshd.port} `, `:${wire.port} `),
  );
  await sshd.configure(
    [
      "Host far",
      "  HostName 127.0.0.1",
      `  Port ${wire.port}`,
      `  User ${sshd.user}`,
      `  IdentityFile ${sshd.clientKey}`,
      "  IdentitiesOnly yes",
      "  IdentityAgent none",
      `  UserKnownHostsFile ${sshd.knownHosts}`,
      "  GlobalKnownHostsFile /dev/null",
      "",
    ].join("\n"),
  );
  const nobody = { secret: async () => null, acceptHostKey: async () => false };
  const connect = (signal?: AbortSignal): Promise<Transport> =>
    connectTo(
      { ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter: nobody, log: () => undefined },
      "far",
      signal,
    );
  const withNode = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
  const settings = settingsOf({ far: { root, python, env: { PATH: withNode } } }, "far");
  const payload = await packPayload(checkout);
  const first = await connect();
  const deployment: Deployment = await deploy(first, {
    settings,
    payload,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  await first.close();
  return {
    sshd,
    wire,
    root,
    attach: async (_, signal) => {
      const transport = await connect(signal);
      return connectAgent(transport, (abort) => deployment.serve(transport, abort), signal);
    },
    close: async () => {
      await wire.close();
      await sshd.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
