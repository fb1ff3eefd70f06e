import { attach } from "../../remote-agent/src/run/launch.ts";

/** Waits until the owner of a run, which was killed, takes no connections any more: its socket does for as long as its process dies. */
export async function ownerGone(run: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (let client = await attach(run, env); client !== null; client = await attach(run, env)) {
    await client.closed;
    client.close();
  }
}
