import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Pids of living processes that have `text` in their command line. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (line.includes(text)) found.push(Number(name));
  }
  return found;
}

/** Waits until no process has `text` in its command line; answers those that are left after the limit. */
export async function goneWithin(text: string, ms: number): Promise<number[]> {
  for (const end = performance.now() + ms; performance.now() < end; await delay(50)) {
    if ((await processesWith(text)).length === 0) return [];
  }
  return processesWith(text);
}
