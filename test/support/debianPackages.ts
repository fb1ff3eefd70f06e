import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const lock = path.join(tmpdir(), "rzero-apt.lock");
const limitMs = 10 * 60_000;

/**
 * Installs Debian packages that are not there, as root, without starting their daemons. @param needed a file of each package by
 * the package's name @returns null, or what is still missing
 */
export function packagesMissing(needed: Readonly<Record<string, string>>): string | null {
  const missing = () => Object.entries(needed).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
  if (missing().length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    // One of us at a time: apt-get waits for other programs only while it installs, not while it reads the lists.
    const apt = (...args: string[]) =>
      execFileSync("flock", [lock, "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" }, // 1: no daemon is started
        stdio: "ignore",
        timeout: limitMs,
      });
    try {
      apt("update");
      apt("install", "-y", "--no-install-recommends", ...missing());
    } catch {
      // what is missing is said below
    }
  }
  const still = missing();
  return still.length === 0 ? null : `needs ${still.join(", ")}`;
}
