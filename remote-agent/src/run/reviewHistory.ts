import type { z } from "zod";
import type { DecisionRecord, RunRecord, releaseRecord, Stored } from "../protocol/records.ts";
import { type DecisionContent, nothingDecided, type WaitingGate } from "../protocol/review.ts";

type Decision = Stored<DecisionRecord>;
export type Release = Stored<z.infer<typeof releaseRecord>>;

/** What a run's journal says of its review, as its records come in order. */
export class ReviewHistory {
  /** Whether gates are wanted, where a command said so. */
  gate: boolean | null = null;
  /** The gate that is waited at, also by an owner that has ended; null once it is released. */
  waiting: WaitingGate | null = null;
  readonly #decisions: Decision[] = [];
  readonly #byId = new Map<string, Decision>();
  /** By task: the decisions that were not taken back, oldest first. */
  readonly #standing = new Map<string, Decision[]>();
  readonly #releases = new Map<string, Release>();
  readonly #gatings = new Set<string>();

  visit(record: Stored<RunRecord>): void {
    if (record.type === "decision") this.#decided(record);
    else if (record.type === "gating") {
      this.gate = record.on;
      this.#gatings.add(record.command);
    } else if (record.type === "release") {
      if (!this.#releases.has(record.gate)) this.#releases.set(record.gate, record);
      if (this.waiting?.gate === record.gate) this.waiting = null;
    } else if (record.type === "state" && record.waiting !== undefined) this.waiting = record.waiting;
  }

  /** The newest decision on each question before journal position `upTo`, by task. */
  before(upTo: number): ReadonlyMap<string, Decision> {
    const newest = new Map<string, Decision>();
    for (const decision of this.#decisions) {
      if (decision.seq >= upTo) break;
      newest.set(decision.task, decision);
    }
    return newest;
  }

  byId(id: string): Decision | undefined {
    return this.#byId.get(id);
  }

  /** What stands on a question, and the decision that it would fall back to if the newest were taken back. */
  standing(task: string): { newest: Decision | null; content: DecisionContent; before: DecisionContent } {
    const stack = this.#standing.get(task) ?? [];
    const newest = stack.at(-1) ?? null;
    return { newest, content: contentOf(newest), before: contentOf(stack.at(-2) ?? null) };
  }

  releaseOf(gate: string): Release | undefined {
    return this.#releases.get(gate);
  }

  /** The gate that a command released. */
  releasedBy(command: string): Release | undefined {
    return [...this.#releases.values()].find((release) => release.command === command);
  }

  hasGating(command: string): boolean {
    return this.#gatings.has(command);
  }

  #decided(record: Decision): void {
    if (this.#byId.has(record.id)) return;
    this.#byId.set(record.id, record);
    this.#decisions.push(record);
    const stack = this.#standing.get(record.task) ?? [];
    this.#standing.set(record.task, stack);
    if (record.undoes === null) stack.push(record);
    else if (stack.at(-1)?.id === record.undoes) stack.pop();
  }
}

export function contentOf(decision: DecisionContent | null): DecisionContent {
  const { verdict, label, question, note } = decision ?? nothingDecided;
  return { verdict, label, question, note };
}
