import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join, sep } from "node:path";

const dayMs = 86_400_000;
/** An environment is kept for so long after set-up last answered with it. */
export const keptDays = 90;

/** Notes that set-up answers with an environment; at most once a day. @param {string} stamp a file in it @param {number} now */
export function markUsed(stamp, now) {
  try {
    if (now - statSync(stamp).mtimeMs > dayMs) utimesSync(stamp, now / 1000, now / 1000);
  } catch {
    // a file system that cannot be written to: then nothing is removed there either
  }
}

/**
 * Removes environments that nobody has used for a long time and that no process of this machine works with; those without a stamp
 * are set-up's own business.
 *
 * @param {string} folder all environments @param {string} own stays @param {number} now @param {string | null} processes
 * @returns {string[]} what went
 */
export function removeUnused(folder, own, now, processes = commandLines()) {
  if (processes === null) return []; // nobody knows what is in use
  const gone = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path !== own && !processes.includes(path + sep))
    .filter((path) => {
      const stamps = readdirSync(path).filter((name) => name.startsWith(".complete-"));
      const used = stamps.map((name) => statSync(join(path, name)).mtimeMs);
      return used.length > 0 && now - Math.max(...used) > keptDays * dayMs;
    });
  for (const path of gone) rmSync(path, { recursive: true, force: true });
  return gone;
}

/** Command lines of all processes, one a line; null where nobody can tell. */
export function commandLines() {
  try {
    return execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8", maxBuffer: 64 * 2 ** 20, timeout: 10_000 });
  } catch {
    return null; // a machine without ps
  }
}
