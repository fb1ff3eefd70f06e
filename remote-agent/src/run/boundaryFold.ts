import type { CheckpointRecord, RunRecord, Stored } from "../protocol/records.ts";

/** The end of a stage, and the checkpoint each role stood at. */
export interface Boundary {
  iteration: number;
  stage: "challenger" | "solver";
  checkpoints: Map<string, CheckpointRecord>;
}

/** Collects the boundaries while records come in order. */
export class BoundaryFold {
  readonly boundaries: Boundary[] = [];
  readonly #now = new Map<string, CheckpointRecord>();
  readonly #pending = new Map<string, CheckpointRecord>();

  visit(record: Stored<RunRecord>): void {
    if (record.type === "checkpoint") this.#pending.set(record.call, record);
    if (record.type === "call") {
      const checkpoint = this.#pending.get(record.key);
      this.#pending.delete(record.key);
      if (checkpoint !== undefined) this.#now.set(checkpoint.role, checkpoint);
      const atBase = [...this.#now.values()].filter(({ method }) => method === "base");
      if (checkpoint?.method === "base" && atBase.length === 2) this.#add(0, "solver");
    }
    if (record.type !== "stage" || record.phase !== "end") return;
    if (record.stage === "challenger" || record.stage === "solver") this.#add(record.iteration, record.stage);
  }

  #add(iteration: number, stage: Boundary["stage"]): void {
    this.boundaries.push({ iteration, stage, checkpoints: new Map(this.#now) });
  }
}
