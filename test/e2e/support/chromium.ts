import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const places = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const limitMs = 10 * 60_000;

/** The Chromium of this machine; as root on Debian it is installed when there is none. @throws with what to do */
export function findChromium(): string {
  const found = there();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    apt("update");
    apt("install", "-y", "--no-install-recommends", "chromium");
  }
  const installed = there();
  if (installed === undefined) throw new Error("needs Chromium: apt-get install chromium, or set CHROMIUM_PATH");
  return installed;
}

function there(): string | undefined {
  return places.find((path) => path !== undefined && existsSync(path));
}

function apt(...args: string[]): void {
  execFileSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=300", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: "ignore",
    timeout: limitMs,
  });
}
