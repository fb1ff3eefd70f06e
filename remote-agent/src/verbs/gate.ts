import type { GateRecord } from "../protocol/records.ts";
import type { Scope } from "./scope.ts";

/**
 * A place where a reviewer may hold the run. Always called, also when review is off, so that switching it on later
 * changes no key. Only decisions up to `decisionsUpTo` exist for the recipe; later ones wait for the next gate.
 */
export async function gate(scope: Scope, stage: string, iteration: number): Promise<GateRecord> {
  const [record] = await scope.call({ verb: "gate", key: stage, type: "gate", params: {} }, async (key) => ({
    bodies: [{ parents: [], stage, ...(await scope.run.gatePolicy({ gate: key, iteration })) }],
  }));
  return record as GateRecord;
}
