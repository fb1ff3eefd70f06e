import type { RunRecord, Stored } from "../protocol/records.ts";

export interface EndedStage {
  key: string;
  /** Sequence number of the stage's first record: its calls come after it. */
  first: number;
}

/** Which stages of a run have ended, and of which the token ids and log-probabilities were trimmed. Folded over its records. */
export class PayloadHistory {
  readonly #first = new Map<string, number>();
  readonly #ended = new Set<string>();
  /** By rule: keys of the stages it was applied to. */
  readonly #trimmed = new Map<string, Set<string>>();

  visit(record: Stored<RunRecord>): void {
    if (record.type === "stage") {
      if (record.phase === "end") this.#ended.add(record.key);
      else if (!this.#first.has(record.key)) this.#first.set(record.key, record.seq);
    }
    if (record.type === "removed" && record.what === "payload") {
      const keys = this.#trimmed.get(record.rule) ?? new Set();
      for (const id of record.ids) keys.add(id);
      this.#trimmed.set(record.rule, keys);
    }
  }

  /** Ended stages to which a rule has not been applied yet, oldest first. */
  pending(rule: string): EndedStage[] {
    const done = this.#trimmed.get(rule);
    return [...this.#ended]
      .filter((key) => done?.has(key) !== true)
      .map((key) => ({ key, first: this.#first.get(key) ?? 1 }));
  }
}
