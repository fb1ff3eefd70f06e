import type { HostFacts } from "./hostFacts.ts";
import { compareVersions } from "./nodeOf.ts";

export const OLDEST_PYTHON = [3, 11, 0] as const;

/** A Python of the host that environments can be made from, in the order in which the host was asked; null: there is none. */
export function pythonOf(pythons: HostFacts["pythons"]): HostFacts["pythons"][number] | null {
  return pythons.find(({ version, canMakeEnvironments }) => isNewEnough(version) && canMakeEnvironments) ?? null;
}

export function isNewEnough(version: readonly number[]): boolean {
  return compareVersions(version, OLDEST_PYTHON) >= 0;
}
