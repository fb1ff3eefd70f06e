import { attach } from "../../remote-agent/src/run/launch.ts";
import type { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";

/** A connection to the owner of a run, which must have one. */
export async function ownerOf(run: string): Promise<RpcClient> {
  const client = await attach(run, process.env);
  if (client === null) throw new Error("nobody serves the run");
  return client;
}

/** Waits until the owner of a run, which was killed, takes no connections any more: its socket does for as long as its process dies. */
export async function ownerGone(run: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (let client = await attach(run, env); client !== null; client = await attach(run, env)) {
    await client.closed;
    client.close();
  }
}
