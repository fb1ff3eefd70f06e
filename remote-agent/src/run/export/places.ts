import type { RunRecord } from "../../protocol/records.ts";

/** Where in the run a record belongs. */
export interface Place {
  iteration: number | null;
  stage: string | null;
  step: number | null;
}

/** Finds the place of a call by its key: the stage whose key it begins with, and the step inside that. */
export class Places {
  readonly #stages = new Map<string, { iteration: number; stage: string }>();

  visit(record: RunRecord): void {
    if (record.type === "stage") this.#stages.set(record.key, { iteration: record.iteration, stage: record.stage });
  }

  /** `key` is the same for all calls of one step, or of one stage that has no steps. */
  of(call: string): Place & { key: string } {
    for (let end = call.lastIndexOf("/"); end > 0; end = call.lastIndexOf("/", end - 1)) {
      const key = call.slice(0, end);
      const stage = this.#stages.get(key);
      if (stage === undefined) continue;
      const step = /^step:(\d+)(?:\/|$)/.exec(call.slice(end + 1))?.[1];
      return {
        ...stage,
        step: step === undefined ? null : Number(step),
        key: step === undefined ? key : `${key}/step:${step}`,
      };
    }
    return { iteration: null, stage: null, step: null, key: call };
  }
}
