import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

const PS_TIMEOUT_MS = 5_000;

/** A process, told apart from a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started: clock ticks since boot on Linux, the text of `ps -o lstart=` elsewhere. Only to be compared. */
  readonly start: string;
}

/** Which machine, since which boot, and among whose pids: pids may be compared only where all three are equal. */
export interface HostIdentity {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
}

/** The process with this pid, or undefined when there is none (a zombie no longer acts and counts as none). */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const start = process.platform === "linux" ? linuxStart(pid) : psStart(pid);
  return start === undefined ? undefined : { pid, start };
}

export function ownIdentity(): ProcessIdentity {
  const own = processIdentity(process.pid);
  if (!own) throw new Error("This process cannot see itself in the process table; is /proc mounted?");
  return own;
}

export function isAlive(identity: ProcessIdentity): boolean {
  return processIdentity(identity.pid)?.start === identity.start;
}

export function hostIdentity(): HostIdentity {
  const linux = process.platform === "linux";
  return {
    host: hostname(),
    bootId: linux ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() : sysctlBootTime(),
    pidNamespace: linux ? readlinkSync("/proc/self/ns/pid") : "",
  };
}

export function sameHost(a: HostIdentity, b: HostIdentity): boolean {
  return a.host === b.host && a.bootId === b.bootId && a.pidNamespace === b.pidNamespace;
}

/** proc_pid_stat(5): the name in parentheses may hold anything, so fields are counted from the last parenthesis. */
function linuxStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // ENOENT or ESRCH: there is no such process
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0]; // field 3
  return state === "Z" || state === "X" ? undefined : fields[19]; // field 22, starttime
}

function psStart(pid: number): string | undefined {
  let line: string;
  try {
    line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      timeout: PS_TIMEOUT_MS,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, LC_ALL: "C" },
    });
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 1) return undefined; // no such process
    throw error;
  }
  const [state = "", ...start] = line.trim().split(/\s+/);
  return state === "" || state.startsWith("Z") ? undefined : start.join(" ");
}

function sysctlBootTime(): string {
  return execFileSync("sysctl", ["-n", "kern.boottime"], { encoding: "utf8", timeout: PS_TIMEOUT_MS }).trim();
}
