import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { Duplex } from "node:stream";
import { deferred } from "../deferred.ts";
import { type Answer, openAskpass } from "./askpass.ts";
import { channelTransport } from "./channelTransport.ts";
import type { Deadline } from "./deadline.ts";
import { processChannel } from "./localTransport.ts";
import { HUMAN_MS, type Prompter } from "./prompter.ts";
import { parseResolved, type ResolvedHost } from "./resolvedHost.ts";
import { type HumanQuestion, questionOf } from "./sshQuestion.ts";
import { type Transport, TransportError } from "./transport.ts";

/** The system's ssh as a program: its name or path, a configuration file other than the user's (tests), and the environment. */
export interface SystemSsh {
  readonly program: string;
  readonly configFile: string | null;
  readonly env: NodeJS.ProcessEnv;
}

const RESOLVE_MS = 15_000;
const MASTER_LOOK_MS = 50;

/** What ssh makes of an alias: Include, Match and defaults applied. @throws TransportError */
export async function resolveHost(ssh: SystemSsh, alias: string): Promise<ResolvedHost> {
  if (alias.startsWith("-") || alias === "") {
    throw new TransportError("failed", `“${alias}” is no name of a host.`);
  }
  const { code, stdout, stderr } = await output(ssh, [...configArguments(ssh), "-G", "--", alias]);
  if (code !== 0) {
    const said = stderr.trim().split("\n").at(-1) ?? "";
    throw new TransportError("failed", `Your SSH configuration cannot be used for ${alias}: ${said}`, stderr);
  }
  return parseResolved(alias, stdout, ssh.env["HOME"] ?? homedir());
}

/** Whether a shared connection of the user's own to this host is alive. */
export async function hasLiveMaster(ssh: SystemSsh, host: ResolvedHost): Promise<boolean> {
  if (host.controlPath === null || process.platform === "win32") return false;
  const { code } = await output(ssh, [...configArguments(ssh), "-O", "check", "--", host.alias]);
  return code === 0;
}

/** A byte stream to a host's SSH port through its jump host or proxy command. @throws TransportError */
export async function proxyStream(
  ssh: SystemSsh,
  host: ResolvedHost,
  prompter: Prompter,
  deadline: Deadline,
): Promise<{ sock: Duplex; close: () => Promise<void> } | null> {
  if (host.proxyJump === null && host.proxyCommand === null) return null;
  const askpass = await openAskpass(answerer(host.alias, prompter, deadline));
  // ProxyJump may be a chain: all but the last are jumps of the last.
  const hops = host.proxyJump?.split(",") ?? [];
  const last = hops.at(-1);
  const before = hops.slice(0, -1).join(",");
  const target = `${host.hostname.includes(":") ? `[${host.hostname}]` : host.hostname}:${host.port}`;
  const child =
    last === undefined
      ? spawn("/bin/sh", ["-c", `exec ${expandTokens(host.proxyCommand ?? "", host)}`], {
          stdio: "pipe",
          detached: true,
          env: { ...ssh.env, ...askpass.env },
        })
      : spawn(
          ssh.program,
          [
            ...configArguments(ssh),
            ...strictArguments(),
            ...(before === "" ? [] : ["-J", before]),
            "-W",
            target,
            "--",
            jumpName(last),
          ],
          { stdio: "pipe", detached: true, env: { ...ssh.env, ...askpass.env } },
        );
  const channel = await processChannel(child, host.alias, deadline.signal);
  let errors = "";
  channel.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString("utf8")).slice(-4000);
  });
  const sock = Duplex.from({ readable: channel.stdout, writable: channel.stdin });
  channel.ended.then(() => {
    const said = errors.trim().split("\n").at(-1);
    if (said !== undefined && said !== "" && !sock.destroyed) {
      sock.destroy(new Error(`the way through ${last ?? "the proxy command"} ended: ${said}`));
    }
    askpass.close();
  });
  return {
    sock,
    close: async () => {
      channel.kill();
      await askpass.close();
    },
  };
}

/**
 * A connection by the system's ssh, shared by all channels: the user's own where one is alive, else one of ours. Host keys are
 * checked by ssh itself, strictly; what it wants to know is asked through `prompter`.
 *
 * @param knownHosts files in which ssh looks and, in the first, remembers
 * @throws TransportError
 */
export async function connectSystem(given: {
  ssh: SystemSsh;
  host: ResolvedHost;
  liveMaster: boolean;
  knownHosts: readonly string[];
  prompter: Prompter;
  deadline: Deadline;
}): Promise<Transport> {
  const { ssh, host, liveMaster, deadline } = given;
  const common = [...configArguments(ssh)];
  const gone = deferred<TransportError | null>();
  let ours = false;
  let end: () => Promise<void> = async () => undefined;
  if (!liveMaster) {
    const folder = await mkdtemp(path.join(tmpdir(), "rzero-ssh-"));
    const control = path.join(folder, "c");
    const strict = strictArguments(host.strictHostKeyChecking === "yes" ? "yes" : "ask", given.knownHosts);
    const askpass = await openAskpass(answerer(host.alias, given.prompter, deadline));
    const child = spawn(
      ssh.program,
      [
        ...common,
        ...strict,
        "-o",
        "ServerAliveInterval=15",
        "-o",
        "ServerAliveCountMax=3",
        "-M",
        "-N",
        "-T",
        "-S",
        control,
        "--",
        host.alias,
      ],
      { stdio: ["ignore", "ignore", "pipe"], detached: true, env: { ...ssh.env, ...askpass.env } },
    );
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString("utf8")).slice(-8000);
    });
    const ended = new Promise<void>((resolve) => {
      child.once("error", (error) => {
        errors += error.message;
        resolve();
      });
      child.once("close", () => resolve());
    });
    let dead = false;
    ended.then(() => {
      dead = true;
    });
    const kill = async () => {
      if (!dead && child.pid !== undefined) child.kill("SIGTERM");
      await askpass.close();
      await rm(folder, { recursive: true, force: true });
    };
    try {
      while (!existsSync(control)) {
        if (dead) throw systemFailure(host, errors);
        deadline.signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, MASTER_LOOK_MS));
      }
    } catch (error) {
      await kill();
      throw error;
    }
    ended.then(() => {
      gone.resolve(ours ? null : new TransportError("lost", `The connection to ${host.alias} was lost.`, errors));
      return kill();
    });
    common.push("-S", control, "-o", "ControlMaster=no");
    end = async () => {
      await output(ssh, [...common, "-O", "exit", "--", host.alias]);
      await kill();
    };
  }
  return channelTransport({
    host: host.alias,
    via: "system",
    open: (command, signal) => {
      const child = spawn(ssh.program, [...common, "-T", "-o", "BatchMode=yes", "--", host.alias, command], {
        stdio: "pipe",
        detached: true,
        env: ssh.env,
      });
      return processChannel(child, host.alias, signal);
    },
    closed: gone.promise,
    close: async () => {
      ours = true;
      await end();
      gone.resolve(null);
    },
  });
}

function answerer(alias: string, prompter: Prompter, deadline: Deadline): Answer {
  return (prompt) => {
    const question: HumanQuestion = questionOf(prompt);
    return deadline.human(HUMAN_MS, async (signal) => {
      if (question.kind === "hostKey") {
        const yes = await prompter.acceptHostKey(question.evidence, question.otherTypesKnown, signal);
        return yes ? "yes" : "no";
      }
      return prompter.secret(
        { host: alias, kind: question.kind, prompt: question.prompt, echo: question.echo },
        signal,
      );
    });
  };
}

/** What the system's ssh said when it gave up, as a sentence. */
function systemFailure(host: ResolvedHost, errors: string): TransportError {
  const said =
    errors
      .trim()
      .split("\n")
      .filter((line) => line.trim() !== "")
      .at(-1)
      ?.trim() ?? "it said nothing";
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|has been revoked|REVOKED HOST KEY/i.test(errors)) {
    const where = /Offending .* key in (\S+)/.exec(errors)?.[1];
    const sentence = `${host.alias} shows another host key than the one known${where === undefined ? "" : ` from ${where}`}, or a revoked one. Somebody may be in between; nothing was sent to it. If the host was really set up anew, confirm the key with who runs it and remove that line.`;
    return new TransportError("host_key", sentence, errors);
  }
  if (/host key verification failed/i.test(errors)) {
    return new TransportError(
      "host_key",
      `The host key of ${host.alias} was not accepted; nothing was sent to it.`,
      errors,
    );
  }
  if (/permission denied|too many authentication failures/i.test(errors)) {
    return new TransportError("authentication", `${host.alias} did not let ${host.user} in: ${said}`, errors);
  }
  if (/no matching/i.test(errors))
    return new TransportError("negotiation", `${host.alias} and ssh have no algorithm in common: ${said}`, errors);
  return new TransportError("unreachable", `${host.alias} could not be connected: ${said}`, errors);
}

function configArguments({ configFile }: SystemSsh): string[] {
  return configFile === null ? [] : ["-F", configFile];
}

/** `StrictHostKeyChecking no` of the user's is never taken over: it would accept a changed key. */
function strictArguments(strict: "yes" | "ask" = "ask", knownHosts: readonly string[] = []): string[] {
  const files = knownHosts.map((file) => `"${file.replaceAll('"', '\\"')}"`).join(" ");
  return ["-o", `StrictHostKeyChecking=${strict}`, ...(files === "" ? [] : ["-o", `UserKnownHostsFile=${files}`])];
}

function jumpName(hop: string): string {
  return hop.includes("://") || !hop.includes(":") || hop.includes("[") ? hop : `ssh://${hop}`;
}

/** The tokens that ssh_config(5) allows in a ProxyCommand. */
function expandTokens(command: string, host: ResolvedHost): string {
  const values: Record<string, string> = {
    "%": "%",
    h: host.hostname,
    n: host.alias,
    p: String(host.port),
    r: host.user,
  };
  return command.replace(/%([%hnpr])/g, (_, token: string) => values[token] ?? "");
}

/** Output of a short ssh command; a hang ends at the limit. */
function output(
  ssh: SystemSsh,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(ssh.program, args, { stdio: ["ignore", "pipe", "pipe"], env: ssh.env });
    const parts = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      parts.stdout += chunk.toString("utf8");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      parts.stderr += chunk.toString("utf8");
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), RESOLVE_MS);
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const missing = error.code === "ENOENT";
      reject(
        new TransportError(
          "failed",
          missing ? "There is no ssh on this machine: install OpenSSH." : `ssh could not be started: ${error.message}.`,
        ),
      );
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, ...parts });
    });
  });
}
