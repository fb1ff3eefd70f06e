import type { StageView } from "../../remote-agent/src/protocol/runView.ts";

export interface ForkBoundary {
  /** As `runs/fork` takes it. */
  readonly at: string;
  readonly iteration: number;
  readonly stage: "challenger" | "solver";
}

/** Ends of training stages, the newest first: where a fork may begin. */
export function boundariesOf(stages: readonly Pick<StageView, "iteration" | "stage" | "status">[]): ForkBoundary[] {
  return stages
    .flatMap(({ iteration, stage, status }): ForkBoundary[] => {
      if (status !== "done") return [];
      if (stage === "solver") return [{ at: String(iteration), iteration, stage }];
      return stage === "challenger" ? [{ at: `${iteration}/challenger`, iteration, stage }] : [];
    })
    .reverse();
}

/** The boundary that a line of the explorer stands for; undefined where its stage has not ended or trains nothing. */
export function boundaryAt(
  boundaries: readonly ForkBoundary[],
  place: { readonly iteration: number; readonly stage: string | null },
): ForkBoundary | undefined {
  const stage = place.stage ?? "solver";
  return boundaries.find((boundary) => boundary.iteration === place.iteration && boundary.stage === stage);
}
