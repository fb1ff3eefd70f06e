import type { AlarmPlace, GoodBoundary } from "../../protocol/alarms.ts";
import type { Boundary } from "../boundaryFold.ts";

/**
 * The newest end of a stage from before the trouble at `place`, whose weights are all there; null for `place` where the weights are
 * not in question: the newest of all. Whatever shows in a Challenger's or curriculum's stage, or in an audit, came of the training of
 * that iteration; what shows while the Solver trains came after its curriculum.
 */
export function lastGood(
  boundaries: readonly Boundary[],
  place: AlarmPlace | null,
  isThere: (checkpoint: string) => boolean,
): GoodBoundary | null {
  const found = boundaries.findLast(
    ({ iteration, stage, checkpoints }) =>
      isBefore({ iteration, stage }, place) &&
      [...checkpoints.values()].every(({ id, method }) => method === "base" || isThere(id)),
  );
  if (found === undefined) return null;
  const { iteration, stage, checkpoints } = found;
  return {
    at: stage === "solver" ? String(iteration) : `${iteration}/${stage}`,
    checkpoints: Object.fromEntries([...checkpoints].map(([role, { id }]) => [role, id])),
  };
}

function isBefore({ iteration, stage }: Pick<Boundary, "iteration" | "stage">, place: AlarmPlace | null): boolean {
  if (place === null || place.iteration === null) return true;
  if (iteration < place.iteration) return true;
  return iteration === place.iteration && stage === "challenger" && place.stage === "solver";
}
