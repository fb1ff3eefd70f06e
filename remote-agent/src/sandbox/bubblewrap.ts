import { lstatSync, readlinkSync } from "node:fs";

/** What a program in the sandbox may use. */
export interface SandboxLimits {
  /** Address space in bytes. */
  memoryBytes: number;
  /** CPU seconds of the process in all. */
  cpuSeconds: number;
  /** Largest file it may write, and files it may have open. */
  fileBytes: number;
  openFiles: number;
  /** Threads. Processes of its own it may not start at all. */
  threads: number;
}

export interface SandboxSpec {
  /** Program and arguments, by their paths inside, which are those outside. */
  command: readonly string[];
  /** Files and folders it may read, beside the system's libraries. Nothing else of the machine is there. */
  readOnly: readonly string[];
  /** All of its environment. */
  env: Readonly<Record<string, string>>;
  limits: SandboxLimits;
}

/** File descriptor of the launcher on which bubblewrap reads the seccomp program. */
export const SECCOMP_FD = 3;

const librarySymlinks = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/**
 * The command line of bubblewrap for a program: own user, process, network, IPC, UTS and cgroup namespaces, no
 * capabilities, no /proc, no /sys, no home, no /etc; every file system read-only. The program dies with its launcher.
 */
export function bubblewrapArguments({ command, readOnly, env, limits }: SandboxSpec): string[] {
  const args = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"];
  args.push("--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--clearenv");
  for (const [name, value] of Object.entries(env)) args.push("--setenv", name, value);
  args.push("--ro-bind", "/usr", "/usr", ...librarySymlinks.flatMap(library));
  args.push("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache");
  for (const path of readOnly) args.push("--ro-bind", path, path);
  args.push("--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/");
  args.push("--seccomp", String(SECCOMP_FD), "--", "/usr/bin/prlimit", ...limitArguments(limits), "--", ...command);
  return args;
}

function limitArguments({ memoryBytes, cpuSeconds, fileBytes, openFiles, threads }: SandboxLimits): string[] {
  return [
    `--as=${memoryBytes}`,
    `--cpu=${cpuSeconds}`,
    `--fsize=${fileBytes}`,
    `--nofile=${openFiles}`,
    `--nproc=${threads}`,
    "--core=0",
    "--memlock=0",
  ];
}

/** /lib is a link into /usr on most systems and a folder on some. */
function library(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  return found.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
}
