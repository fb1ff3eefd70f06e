import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { startSshd } from "../../support/sshd.ts";
import { type CuttableWire, cuttableWire } from "./cuttableWire.ts";
import { type Desk, newDesk, shareModels } from "./desk.ts";
import { type Rzero, rzeroWith, stopRuns } from "./rzero.ts";
import type { Shared } from "./shared.ts";

/** A person's machine and a GPU node behind SSH, with a wire in between that can be cut. */
export interface DeskAndNode {
  readonly desk: Desk;
  readonly wire: CuttableWire;
  /** The node's folder of everything that is R-Zero's. */
  readonly root: string;
  /** The command line on the node. */
  readonly rzero: Rzero;
  remove(): Promise<void>;
}

export interface NodeOptions {
  /** Further variables of everything that runs there. */
  readonly env?: Record<string, string>;
  /** Where its runs are batch jobs. */
  readonly slurm?: Record<string, unknown>;
}

export async function deskAndNode(shared: Shared, { env: more = {}, slurm }: NodeOptions = {}): Promise<DeskAndNode> {
  const sshd = await startSshd();
  const wire = await cuttableWire(sshd.port);
  const root = path.join(sshd.folder, "rzero");
  const knownHosts = path.join(sshd.folder, "known_hosts_of_desk");
  const key = (await readFile(sshd.knownHosts, "utf8")).split(" ").slice(1).join(" ");
  await writeFile(knownHosts, `[127.0.0.1]:${wire.port} ${key}`);
  await mkdir(root, { mode: 0o700 });
  await shareModels(path.join(root, "cache"));
  const config = [
    "Host node",
    "  HostName 127.0.0.1",
    `  Port ${wire.port}`,
    `  User ${sshd.user}`,
    `  IdentityFile ${sshd.clientKey}`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile ${knownHosts}`,
    "  GlobalKnownHostsFile /dev/null",
    "",
  ].join("\n");
  const python = process.env["RZERO_PYTHON"] ?? null;
  // The machine's own Node may be too old, and two torch processes with a thread for each core are many times slower.
  const PATH = [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
  const env = { PATH, OMP_NUM_THREADS: "1", ...more };
  const desk = await newDesk(shared, {
    sshConfig: config,
    settings: { "rzero.hosts": { node: { root, python, env, ...(slurm === undefined ? {} : { slurm }) } } },
  });
  const job = slurm === undefined ? {} : { RZERO_SLURM: JSON.stringify(slurm) };
  const onNode = { ...process.env, ...env, ...job, RZERO_HOME: root, XDG_CACHE_HOME: path.join(root, "cache") };
  const rzero = rzeroWith(onNode);
  return {
    desk,
    wire,
    root,
    rzero,
    remove: async () => {
      // Whatever fails of this, nothing goes on running.
      try {
        await desk.remove();
      } finally {
        try {
          await stopRuns(rzero);
        } finally {
          await wire.close();
          await sshd.stop();
        }
      }
    },
  };
}
