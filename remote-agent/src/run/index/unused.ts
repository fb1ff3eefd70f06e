import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import path from "node:path";

const DAY_MS = 86_400_000;
/** What is derived of a run is kept for so long after it was last used; it is made again when it is asked for. */
export const KEPT_DAYS = 30;

const derived = /^(.+-[0-9a-f]{16})\.(?:sqlite(?:-wal|-shm)?|(?:view\.json|series\.json|figures)(?:\.\d+\.new)?)$/;

/** Removes what is derived of runs that nobody has looked at for long; other files stay. @param now ms since 1970 */
export function removeUnused(directory: string, now: number): void {
  const runs = Map.groupBy(
    readdirSync(directory).filter((name) => derived.test(name)),
    (name) => derived.exec(name)?.[1],
  );
  for (const names of runs.values()) {
    const files = names.map((name) => path.join(directory, name));
    if (files.every((file) => now - (usedAt(file) ?? now) > KEPT_DAYS * DAY_MS))
      for (const file of files) rmSync(file, { force: true });
  }
}

/** Notes that a file is used; at most once a day, because lists look often. */
export function markUsed(file: string, now: number): void {
  const before = usedAt(file);
  if (before === null || now - before < DAY_MS) return;
  try {
    utimesSync(file, now / 1000, now / 1000);
  } catch {
    // gone, or somebody else's: then it is made again later
  }
}

function usedAt(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
