import { BOOT, type Boot } from "../../src/panels/base/boot.ts";

/** What the page's first lines made; it can be taken once. */
export function takeBoot(): Boot {
  const boot = (globalThis as unknown as Record<string, Boot | undefined>)[BOOT];
  if (boot === undefined) throw new Error("the page has not begun, or its script runs twice");
  return boot;
}
