import type { RunRecord, Stored } from "../protocol/records.ts";

/**
 * Wall seconds that earlier owners of a run spent in stages they did not end: from a stage's beginning to the last record
 * before the next owner. Folded over the journal in order.
 */
export class StageHistory {
  readonly #seconds = new Map<string, number>();
  readonly #open = new Map<string, number>();
  #last = 0;

  visit(record: Stored<RunRecord>): void {
    if (record.type === "owner") this.#cut();
    if (record.type === "stage" && record.phase === "begin") this.#open.set(record.key, record.t);
    if (record.type === "stage" && record.phase === "end") {
      this.#open.delete(record.key);
      this.#seconds.delete(record.key);
    }
    this.#last = record.t;
  }

  /** By stage key; no stage has ended among them. */
  afterAllOwners(): ReadonlyMap<string, number> {
    this.#cut();
    return this.#seconds;
  }

  /** Closes the account of the owner that wrote the records so far. */
  #cut(): void {
    for (const [key, began] of this.#open) {
      this.#seconds.set(key, (this.#seconds.get(key) ?? 0) + Math.max(0, this.#last - began) / 1000);
    }
    this.#open.clear();
  }
}
