import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { connectionOver } from "../run/rpcPeer.ts";
import { serveHost } from "./hostServer.ts";
import { findInstallation } from "./installation.ts";
import type { World } from "./world.ts";

/**
 * `rzero serve --stdio`: JSON-RPC for all runs of this machine until the client closes stdin. Stdout carries messages
 * and nothing else; runs go on when this ends.
 */
export async function serveCommand(world: World): Promise<number> {
  const connection = connectionOver({ read: world.stdin, write: world.stdout });
  const letGo = serveHost(connection, {
    env: world.env,
    installation: () => findInstallation(world.env, world.mainUrl),
    agent: await identity(world.mainUrl),
    machine: world,
  });
  const closed = new Promise<void>((resolve) => {
    connection.onClose(() => resolve());
    world.stdin.once("end", () => resolve());
    world.stdin.once("close", () => resolve());
  });
  connection.onError(([error]) => world.stderr.write(`serve: ${error.message}\n`));
  connection.listen();
  await closed;
  letGo();
  connection.dispose();
  return 0;
}

/** Which agent answers: the hash of its bundle, or `source` in a checkout. */
async function identity(mainUrl: string): Promise<string> {
  if (mainUrl.endsWith(".ts")) return "source";
  const bundle = await readFile(fileURLToPath(mainUrl));
  return createHash("sha256").update(bundle).digest("hex").slice(0, 32);
}
