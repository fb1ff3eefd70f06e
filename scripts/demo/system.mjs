import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { manifest } from "../package/packageExtension.mjs";

/** A person can see windows of this machine. */
export function hasDisplay({ platform, env } = process) {
  return platform === "darwin" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Opens a file with the system's browser, where there is a display. @param {string} file @returns whether it was tried */
export function openInBrowser(file) {
  if (!hasDisplay()) return false;
  const opener = spawn(process.platform === "darwin" ? "open" : "xdg-open", [file], {
    stdio: "ignore",
    detached: true,
  });
  opener.once("error", () => undefined); // the address is printed as well
  opener.unref();
  return true;
}

/**
 * The command of a VS Code that can open a window here with a profile of its own, or null: none, too old, or one that
 * belongs to another machine (Remote-SSH, a container, Windows around WSL) and would ignore the profile; also for root, as whom VS Code
 * does not start.
 *
 * @param {{platform: string, env: NodeJS.ProcessEnv, uid: number | undefined}} [where]
 */
export function installedCode({ platform, env, uid } = here()) {
  if (!hasDisplay({ platform, env }) || uid === 0 || env.VSCODE_IPC_HOOK_CLI || env.REMOTE_CONTAINERS || inWsl())
    return null;
  const { status, stdout } = spawnSync("code", ["--version"], { encoding: "utf8", timeout: 20_000, env });
  const [major, minor] = (stdout ?? "").split(".").map(Number);
  const [, wantedMajor, wantedMinor] = /(\d+)\.(\d+)/.exec(manifest().engines.vscode) ?? [];
  const enough = major > Number(wantedMajor) || (major === Number(wantedMajor) && minor >= Number(wantedMinor));
  return status === 0 && enough ? "code" : null;
}

function here() {
  const { platform, env } = process;
  return { platform, env, uid: process.getuid?.() };
}

function inWsl() {
  try {
    return /microsoft/i.test(readFileSync("/proc/version", "utf8"));
  } catch {
    return false; // no Linux
  }
}
