import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openAskpass } from "./askpass.ts";
import type { Deadline } from "./deadline.ts";
import type { Prompter } from "./prompter.ts";
import type { ResolvedHost } from "./resolvedHost.ts";
import { say } from "./sentence.ts";
import { answersTo } from "./sshQuestion.ts";
import { configArguments, output, type SystemSsh, strictArguments } from "./systemSsh.ts";
import { TransportError } from "./transport.ts";

/** A connection that `ssh` holds open and shares with further ssh processes (ControlMaster). */
export interface SshMaster {
  /** Arguments with which another ssh uses it. */
  readonly shared: readonly string[];
  /** What ssh had said when it ended. */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

export interface MasterOptions {
  readonly ssh: SystemSsh;
  readonly host: ResolvedHost;
  /** Files in which ssh looks for host keys and, in the first, remembers them. */
  readonly knownHosts: readonly string[];
  readonly prompter: Prompter;
  readonly deadline: Deadline;
}

const LOOK_MS = 50;
const ALIVE = ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3"];

/** Opens a shared connection. ssh itself checks the host key, strictly; what it wants to know is asked. @throws TransportError */
export async function openMaster({ ssh, host, knownHosts, prompter, deadline }: MasterOptions): Promise<SshMaster> {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-ssh-"));
  const control = path.join(folder, "c");
  const strict = strictArguments(host.strictHostKeyChecking === "yes" ? "yes" : "ask", knownHosts);
  const askpass = await openAskpass(answersTo(host.alias, prompter, deadline));
  const args = [...configArguments(ssh), ...strict, ...ALIVE, "-M", "-N", "-T", "-S", control, "--", host.alias];
  const child = spawn(ssh.program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
    env: { ...ssh.env, ...askpass.env },
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-8000);
  });
  let dead = false;
  const ended = new Promise<string>((resolve) => {
    const end = (last: string) => {
      dead = true;
      resolve(said + last);
    };
    child.once("error", (error) => end(error.message));
    child.once("close", () => end(""));
  });
  const kill = async () => {
    if (!dead && child.pid !== undefined) child.kill("SIGTERM");
    await askpass.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    while (!existsSync(control)) {
      if (dead) throw failureOf(host, await ended);
      deadline.signal.throwIfAborted();
      await delay(LOOK_MS);
    }
  } catch (error) {
    await kill();
    throw error;
  }
  ended.then(kill);
  const shared = [...configArguments(ssh), "-S", control, "-o", "ControlMaster=no"];
  return {
    shared,
    ended,
    close: async () => {
      await output(ssh, [...shared, "-O", "exit", "--", host.alias]);
      await kill();
    },
  };
}

/** What the system's ssh said when it gave up, as a sentence. */
function failureOf(host: ResolvedHost, errors: string): TransportError {
  const said =
    errors
      .trim()
      .split("\n")
      .filter((line) => line.trim() !== "")
      .at(-1)
      ?.trim() ?? "it said nothing";
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|has been revoked|REVOKED HOST KEY/i.test(errors)) {
    const where = /Offending .* key in (\S+)/.exec(errors)?.[1];
    const sentence = say`${host.alias} shows another host key than the one known (${where ?? "known_hosts"}), or a revoked one. Somebody may be in between; nothing was sent to it. If the host was really set up anew, confirm the key with who runs it and remove that line.`;
    return new TransportError("host_key", sentence, errors);
  }
  if (/host key verification failed/i.test(errors)) {
    return new TransportError(
      "host_key",
      say`The host key of ${host.alias} was not accepted; nothing was sent to it.`,
      errors,
    );
  }
  if (/permission denied|too many authentication failures/i.test(errors)) {
    return new TransportError("authentication", say`${host.alias} did not let ${host.user} in: ${said}`, errors);
  }
  if (/no matching/i.test(errors))
    return new TransportError("negotiation", say`${host.alias} and ssh have no algorithm in common: ${said}`, errors);
  return new TransportError("unreachable", say`${host.alias} could not be connected: ${said}`, errors);
}
