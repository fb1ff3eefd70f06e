import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { commandLines } from "../setup/unused.mjs";

/** Names of the folders of demos' editors begin with it. */
export const editorPrefix = "demo-editor-";
/** One that is just being set up may have no process for a moment. */
const youngMs = 10 * 60_000;

/**
 * Removes the editors of demos that were killed: those that no process of this machine works with.
 *
 * @param {string} folder where they lie @param {number} now @param {string | null} processes
 */
export function removeLeftovers(folder, now, processes = commandLines()) {
  if (processes === null) return; // nobody knows what is in use
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(editorPrefix) || processes.includes(path)) continue;
    try {
      if (now - statSync(path).mtimeMs > youngMs) rmSync(path, { recursive: true, force: true });
    } catch {
      // another demo was faster, or it is somebody else's
    }
  }
}
