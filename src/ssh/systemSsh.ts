import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { parseResolved, type ResolvedHost } from "./resolvedHost.ts";
import { say } from "./sentence.ts";
import { TransportError } from "./transport.ts";

/** The system's ssh as a program: its name or path, a configuration file other than the user's (tests), and the environment. */
export interface SystemSsh {
  readonly program: string;
  readonly configFile: string | null;
  readonly env: NodeJS.ProcessEnv;
}

const OUTPUT_MS = 15_000;

/** What ssh makes of an alias: Include, Match and defaults applied. @throws TransportError */
export async function resolveHost(ssh: SystemSsh, alias: string): Promise<ResolvedHost> {
  if (alias.startsWith("-") || alias === "") {
    throw new TransportError("failed", say`“${alias}” is no name of a host.`);
  }
  const { code, stdout, stderr } = await output(ssh, [...configArguments(ssh), "-G", "--", alias]);
  if (code !== 0) {
    const said = stderr.trim().split("\n").at(-1) ?? "";
    throw new TransportError("failed", say`Your SSH configuration cannot be used for ${alias}: ${said}`, stderr);
  }
  return parseResolved(alias, stdout, ssh.env["HOME"] ?? homedir());
}

/** Whether a shared connection of the user's own to this host is alive. */
export async function hasLiveMaster(ssh: SystemSsh, host: ResolvedHost): Promise<boolean> {
  if (host.controlPath === null || process.platform === "win32") return false;
  const { code } = await output(ssh, [...configArguments(ssh), "-O", "check", "--", host.alias]);
  return code === 0;
}

export function configArguments({ configFile }: SystemSsh): string[] {
  return configFile === null ? [] : ["-F", configFile];
}

/** `StrictHostKeyChecking no` of the user's is never taken over: it would accept a changed key. */
export function strictArguments(strict: "yes" | "ask" = "ask", knownHosts: readonly string[] = []): string[] {
  const files = knownHosts.map((file) => `"${file.replaceAll('"', '\\"')}"`).join(" ");
  return ["-o", `StrictHostKeyChecking=${strict}`, ...(files === "" ? [] : ["-o", `UserKnownHostsFile=${files}`])];
}

/** Output of a short ssh command; a hang ends at the limit. */
export function output(
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
    const timer = setTimeout(() => child.kill("SIGKILL"), OUTPUT_MS);
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const missing = error.code === "ENOENT";
      reject(
        new TransportError(
          "failed",
          missing
            ? say`There is no ssh on this machine: install OpenSSH.`
            : say`ssh could not be started: ${error.message}.`,
        ),
      );
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, ...parts });
    });
  });
}
