import { type Boundary, BoundaryFold } from "./boundaryFold.ts";
import { readJournal } from "./journal/read.ts";
import { asRunRecord } from "./opened.ts";

/** There is no such boundary to begin at; the message says which there are. */
export class NoSuchBoundary extends Error {
  override readonly name = "NoSuchBoundary";
}

/** The boundaries of a run at which another one can begin, oldest first; those after record `to` are not looked at. */
export async function boundariesOf(runDir: string, to = Number.POSITIVE_INFINITY): Promise<Boundary[]> {
  const fold = new BoundaryFold();
  for await (const { record } of readJournal(runDir)) {
    if (record.seq > to) break;
    const known = asRunRecord(record);
    if (known !== null) fold.visit(known);
  }
  return fold.boundaries;
}

/** The boundary that `at` names: `ITERATION` (its end) or `ITERATION/STAGE`; null is the newest whole iteration. @throws NoSuchBoundary */
export function chooseBoundary(boundaries: readonly Boundary[], at: string | null, run: string): Boundary {
  const there = boundaries.map(({ iteration, stage }) =>
    stage === "solver" ? `${iteration}` : `${iteration}/${stage}`,
  );
  const list = there.length === 0 ? "It has none yet." : `There are: ${there.join(", ")}.`;
  if (at === null) {
    const last = boundaries.findLast((item) => item.stage === "solver" && item.iteration > 0);
    if (last !== undefined) return last;
    throw new NoSuchBoundary(`Run ${run} has not ended an iteration: name a boundary with --at. ${list}`);
  }
  const match = /^(\d{1,4})(?:\/([a-z]+))?$/.exec(at);
  if (match === null)
    throw new NoSuchBoundary(
      `'${at}' is no boundary: write ITERATION or ITERATION/STAGE, as in 2 or 2/challenger. ${list}`,
    );
  const [, iteration, stage = "solver"] = match;
  if (stage === "curriculum" || stage === "audit")
    throw new NoSuchBoundary(
      `A ${stage} trains nothing, so no run begins after it: name the Challenger's or the Solver's stage (${iteration}/challenger, ${iteration}/solver).`,
    );
  const found = boundaries.find((item) => item.iteration === Number(iteration) && item.stage === stage);
  if (found !== undefined) return found;
  throw new NoSuchBoundary(`Run ${run} has no boundary '${at}'. ${list}`);
}
