import { execFileSync, spawn } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SystemSsh } from "../../src/ssh/systemSsh.ts";
import { packagesMissing } from "./debianPackages.ts";

/** A private OpenSSH server on loopback: own keys, port and configuration; nothing of the machine's or the user's is touched. */
export interface Sshd {
  readonly port: number;
  /** Of the server that listens, whose children serve one connection each. */
  readonly pid: number | undefined;
  readonly folder: string;
  readonly user: string;
  /** ssh as the product uses it, with a configuration that knows this server as `node`. */
  readonly ssh: SystemSsh;
  readonly knownHosts: string;
  /** Where keys that a person accepts are kept. */
  readonly acceptedKeys: string;
  readonly clientKey: string;
  /** More lines for the entry `Host node` of the client, or further entries. */
  configure(lines: string): Promise<void>;
  log(): Promise<string>;
  stop(): Promise<void>;
}

export interface SshdOptions {
  /** Further lines of sshd_config. */
  readonly config?: string;
  readonly passphrase?: string;
  readonly hashed?: boolean;
  /** Whether the client knows the host key. */
  readonly known?: boolean;
  readonly sftp?: boolean;
  /** The server, where it is to run under another name. */
  readonly program?: string;
}

const SSHD = "/usr/sbin/sshd";

/** Installs server and login shells where that is possible. @returns null, or why these tests cannot run */
export function sshdMissing(): string | null {
  return packagesMissing({
    "openssh-server": SSHD,
    "openssh-client": "/usr/bin/ssh",
    fish: "/usr/bin/fish",
    tcsh: "/bin/tcsh",
  });
}

/** Somebody else may take the port that was free a moment before: then another one is tried. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  return started(options)
    .catch(() => started(options))
    .catch(() => started(options));
}

async function started(options: SshdOptions): Promise<Sshd> {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-sshd-"));
  const user = userInfo().username;
  const at = (name: string) => path.join(folder, name);
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  keygen(at("host_ed25519"), "");
  keygen(at("id_ed25519"), options.passphrase ?? "");
  await writeFile(at("authorized_keys"), await readFile(at("id_ed25519.pub")), { mode: 0o600 });
  const port = await freePort();
  await writeFile(
    at("sshd_config"),
    [
      options.config ?? "", // the first value of a setting counts
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${at("host_ed25519")}`,
      `PidFile ${at("sshd.pid")}`,
      `AuthorizedKeysFile ${at("authorized_keys")}`,
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "PrintMotd no",
      "UseDNS no",
      "MaxSessions 50",
      "LogLevel VERBOSE",
      ...(options.sftp === false ? [] : ["Subsystem sftp internal-sftp"]),
    ].join("\n"),
  );
  const child = spawn(options.program ?? SSHD, ["-D", "-f", at("sshd_config"), "-E", at("sshd.log")], {
    stdio: "ignore",
  });
  await listening(port, () => child.exitCode === null).catch(async (error: unknown) => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const hostKey = (await readFile(at("host_ed25519.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
  await writeFile(at("known_hosts"), options.known === false ? "" : `[127.0.0.1]:${port} ${hostKey}\n`);
  if (options.hashed) execFileSync("ssh-keygen", ["-q", "-H", "-f", at("known_hosts")], { stdio: "ignore" });
  const configure = (lines: string) => appendFile(at("ssh_config"), lines);
  await writeFile(
    at("ssh_config"),
    [
      "Host node",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  User ${user}`,
      `  IdentityFile ${at("id_ed25519")}`,
      "  IdentitiesOnly yes",
      "  IdentityAgent none",
      `  UserKnownHostsFile ${at("known_hosts")}`,
      "  GlobalKnownHostsFile /dev/null",
      "",
    ].join("\n"),
  );
  return {
    port,
    pid: child.pid,
    folder,
    user,
    ssh: { program: "ssh", configFile: at("ssh_config"), env: { ...process.env, SSH_AUTH_SOCK: undefined } },
    knownHosts: at("known_hosts"),
    acceptedKeys: at("accepted_keys"),
    clientKey: at("id_ed25519"),
    configure,
    log: () => readFile(at("sshd.log"), "utf8").catch(() => ""),
    async stop() {
      for (const pid of sessionsOf(child.pid)) signalled(pid, "SIGKILL");
      child.kill("SIGKILL");
      await new Promise((resolve) =>
        child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve(0),
      );
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Processes that serve one connection each; ending them is what a cut network looks like to both sides' programs. */
export function sessionsOf(pid: number | undefined): number[] {
  try {
    return execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
  } catch {
    return []; // none
  }
}

/** Signals a process that may have ended by itself. */
export function signalled(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone
  }
}

export function keygen(file: string, passphrase: string, type = "ed25519"): void {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", file], { stdio: "ignore" });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}

export async function listening(port: number, alive: () => boolean): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    if (!alive()) break;
    await delay(50);
  }
  throw new Error("sshd did not start.");
}
