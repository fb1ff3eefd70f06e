import { spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import type { Installation } from "../../remote-agent/src/run/launch.ts";
import { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";

export interface ServedAgent {
  readonly client: RpcClient;
  close(): Promise<void>;
}

/** `rzero serve --stdio` of an installation, in a process of its own, and a client at its other end. */
export function serveAgent(installation: Installation, more: NodeJS.ProcessEnv = {}): ServedAgent {
  const { stream, end } = agentProcess(installation, more);
  const client = new RpcClient(stream);
  return {
    client,
    close: async () => {
      client.close();
      await end();
    },
  };
}

/** The process alone: its bytes, how it is told to end, and how a connection to it is lost, which is without a word. */
export function agentProcess({ agent, env, python, enginePackageDir }: Installation, more: NodeJS.ProcessEnv = {}) {
  const main = "source" in agent ? agent.source : `${agent.bundle}/rzero.mjs`;
  const child = spawn(process.execPath, [main, "serve", "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...env, RZERO_PYTHON: python, RZERO_ENGINE_DIR: enginePackageDir, ...more },
  });
  const exited = child.exitCode === null ? once(child, "exit") : Promise.resolve();
  child.stdin.on("error", () => undefined); // it was cut
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on("error", () => undefined); // the same
  return {
    stream,
    cut: () => child.kill("SIGKILL"),
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
