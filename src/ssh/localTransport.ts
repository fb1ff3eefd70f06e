import { type ChildProcess, spawn } from "node:child_process";
import { deferred } from "../deferred.ts";
import type { Channel } from "./channel.ts";
import { channelTransport } from "./channelTransport.ts";
import { say } from "./sentence.ts";
import { type Transport, TransportError } from "./transport.ts";

/** This machine as a host: the same scripts, run by the same `sh`, with no connection in between. */
export function localTransport(name: string, env: NodeJS.ProcessEnv): Transport {
  const running = new Set<Channel>();
  const gone = deferred<TransportError | null>();
  return channelTransport({
    host: name,
    via: "local",
    open: async (command, signal) => {
      const child = spawn("/bin/sh", ["-c", command], { env, stdio: "pipe", detached: true });
      const channel = await processChannel(child, name, signal);
      running.add(channel);
      channel.ended.then(() => running.delete(channel));
      return channel;
    },
    closed: gone.promise,
    close: async () => {
      for (const channel of running) channel.kill();
      gone.resolve(null);
    },
  });
}

/** A child process as a channel. Killing ends its whole group: the shell and what it started. */
export async function processChannel(child: ChildProcess, host: string, signal: AbortSignal): Promise<Channel> {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error("The child needs three pipes.");
  const ended = new Promise<{ code: number | null }>((resolve) => {
    child.once("close", (code) => resolve({ code }));
    child.once("error", () => resolve({ code: null }));
  });
  stdin.on("error", () => undefined); // the command ended without reading it all; its exit code tells
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) =>
      reject(
        new TransportError("failed", say`${child.spawnfile} could not be started to reach ${host}: ${error.message}`),
      ),
    );
  });
  const kill = () => {
    stdin.destroy();
    endGroup(child);
  };
  signal.addEventListener("abort", kill, { once: true });
  ended.then(() => signal.removeEventListener("abort", kill));
  if (signal.aborted) kill();
  return { stdin, stdout, stderr, ended, kill };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // no group of its own (Windows), or gone in this moment
  }
}
