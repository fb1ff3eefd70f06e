import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const program = "/usr/bin/bwrap";

/** Installs bubblewrap where that is possible. @returns null, or why these tests cannot run */
export function bubblewrapMissing(): string | null {
  if (process.platform !== "linux") return "needs Linux";
  if (!existsSync(program) && process.getuid?.() === 0) {
    const apt = (...args: string[]) =>
      execFileSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=300", ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
        stdio: "ignore",
        timeout: 300_000,
      });
    try {
      apt("update");
      apt("install", "-y", "--no-install-recommends", "bubblewrap");
    } catch {
      // what is missing is said below
    }
  }
  return existsSync(program) ? null : "needs bubblewrap";
}
