import type { MetricRecord, RunRecord, ScoreRecord } from "../protocol/records.ts";

/** What alarm rules look at, in the order of the journal: figures of steps and stages, and what votes came to. */
export type Observation =
  | {
      readonly kind: "figures";
      /** Id of the record that it rests on. */
      readonly id: string;
      /** Of which metric: `challenger`, `curriculum`, `solver`, `audit`. */
      readonly name: string;
      readonly place: Place;
      readonly values: MetricRecord["values"];
    }
  | {
      readonly kind: "votes";
      /** Key of the scoring call. */
      readonly id: string;
      readonly place: Place;
      /** Valid questions with their answers; how many have p̂ 0 or 1; how many have a label, and the most frequent one. */
      readonly questions: number;
      readonly settled: number;
      readonly labelled: number;
      readonly sameLabel: number;
    };

export interface Place {
  readonly iteration: number;
  readonly stage: string;
  readonly step: number | null;
}

/** Collects observations from records that come in order; those of a call that was not closed do not count. */
export class Observations {
  #taken: Observation[] = [];
  readonly #seen = new Set<string>();
  #scores: ScoreRecord[] = [];

  visit(record: RunRecord): void {
    switch (record.type) {
      case "owner":
        this.#scores = [];
        break;
      case "score":
        this.#scores.push(record);
        break;
      case "metric":
        if (this.#seen.has(record.id)) break; // a crash made the journal hold it twice
        this.#seen.add(record.id);
        this.#taken.push({
          kind: "figures",
          id: record.id,
          name: record.name,
          place: { iteration: record.iteration, stage: record.stage, step: record.step },
          values: record.values,
        });
        break;
      case "call": {
        if (record.verb !== "score" || this.#scores.length === 0) break;
        const own = this.#scores.filter(({ call }) => call === record.key);
        this.#scores = this.#scores.filter(({ call }) => call !== record.key);
        const votes = votesOf(record.key, own);
        if (votes !== null) this.#taken.push(votes);
        break;
      }
    }
  }

  /** What came since this was asked last. */
  take(): Observation[] {
    const taken = this.#taken;
    this.#taken = [];
    return taken;
  }
}

/** The scorers whose scores hold a vote, and the name of its winner among their parts. */
const winners: Readonly<Record<string, string>> = { "solve-rate": "label", "pseudo-label": "majority" };

function votesOf(key: string, scores: readonly ScoreRecord[]): Observation | null {
  const place = placeOf(key);
  const winner = winners[scores[0]?.scorer.name ?? ""];
  if (place === null || winner === undefined) return null;
  const ballots = scores.filter(({ parts }) => parts["valid"] !== false && Number(parts["denominator"]) > 0);
  const labels = new Map<string, number>();
  let settled = 0;
  for (const { parts } of ballots) {
    const votes = Number(parts["votes"]);
    if (votes === 0 || votes === Number(parts["denominator"])) settled += 1;
    const label = String(parts[winner] ?? "");
    if (votes > 0 && label !== "") labels.set(label, (labels.get(label) ?? 0) + 1);
  }
  const counts = [...labels.values()];
  return {
    kind: "votes",
    id: key,
    place,
    questions: ballots.length,
    settled,
    labelled: counts.reduce((sum, count) => sum + count, 0),
    sameLabel: counts.reduce((most, count) => Math.max(most, count), 0),
  };
}

/** Where a call of the recipe was made, by its key: `iteration:2/challenger/step:3/score:reward`. */
function placeOf(key: string): Place | null {
  const match = /^iteration:(\d+)\/([a-z]+)(?:\/step:(\d+))?\//.exec(key);
  if (match === null) return null;
  const [, iteration, stage = "", step] = match;
  return { iteration: Number(iteration), stage, step: step === undefined ? null : Number(step) };
}
