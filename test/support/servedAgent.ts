import { spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import type { Installation } from "../../remote-agent/src/run/launch.ts";
import { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";

export interface ServedAgent {
  readonly client: RpcClient;
  /** Ends the agent's process as a lost connection does: without a word. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

/** `rzero serve --stdio` of an installation, in a process of its own, and a client at its other end. */
export function serveAgent({ agent, env, python, enginePackageDir }: Installation, more: NodeJS.ProcessEnv = {}) {
  const main = "source" in agent ? agent.source : `${agent.bundle}/rzero.mjs`;
  const child = spawn(process.execPath, [main, "serve", "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...env, RZERO_PYTHON: python, RZERO_ENGINE_DIR: enginePackageDir, ...more },
  });
  const exited = once(child, "exit");
  child.stdin.on("error", () => undefined); // it was cut
  const client = new RpcClient(Duplex.from({ readable: child.stdout, writable: child.stdin }));
  return {
    client,
    cut: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    close: async () => {
      client.close();
      child.stdin.end();
      await exited;
    },
  } satisfies ServedAgent;
}
