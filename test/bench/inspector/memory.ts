import { readdirSync, readFileSync } from "node:fs";
import type { Page } from "playwright-core";

/**
 * Memory of the scripts in a page and its frames after garbage collection, MB. A webview in the browser is of the window's own process: its
 * share is the difference to the window without it.
 */
export async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send("Performance.enable");
    for (let i = 0; i < 3; i++) await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN) / 2 ** 20;
  } finally {
    await session.detach();
  }
}

/** Resident memory of the processes below `root` whose command line has a text, MB; the largest of them. */
export function residentMb(root: number, text: string): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const status = read(`/proc/${name}/status`);
    parents.set(Number(name), Number(/PPid:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }
  const isBelow = (pid: number): boolean =>
    pid === root || ((parents.get(pid) ?? 0) > 1 && isBelow(parents.get(pid) ?? 0));
  const sizes = [...parents.keys()]
    .filter((pid) => isBelow(pid) && read(`/proc/${pid}/cmdline`).includes(text))
    .map((pid) => Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024);
  return sizes.length === 0 ? Number.NaN : Math.max(...sizes);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it has ended
  }
}
