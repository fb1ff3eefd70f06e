import type { HostFacts } from "./hostFacts.ts";

/** The agent needs node:sqlite with FTS5. */
export const OLDEST_NODE = [22, 16, 0] as const;

/** A Node of the host that is new enough, the newest; null: one has to be brought. */
export function nodeOf(nodes: HostFacts["nodes"]): HostFacts["nodes"][number] | null {
  const fit = nodes.filter(({ version }) => compareVersions(version, OLDEST_NODE) >= 0);
  return fit.sort((a, b) => compareVersions(b.version, a.version))[0] ?? null;
}

/** Negative when `a` is older than `b`. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
