import * as z from "zod";
import type { TaskRecord, TrajectoryRecord } from "../../protocol/records.ts";
import { type CallPlace, callPlace } from "../index/callPlace.ts";

const made = z.object({ tokens: z.number(), questions: z.number(), characters: z.number() });
type Made = z.infer<typeof made>;

export const savedProduced = z.object({ made: z.record(z.string(), made), since: z.number().nullable() });

/** Places whose figures are still being gathered; a run works at two or three. */
const PLACES = 32;

/** What the models wrote at each place of the recipe, gathered until its metric record comes. */
export class Produced {
  readonly #made: Map<string, Made>;
  /** Records of one call come one after the other. */
  #last: { call: string; made: Made } | null = null;
  #since: number | null;

  constructor(saved?: z.infer<typeof savedProduced>) {
    this.#made = new Map(Object.entries(saved?.made ?? {}));
    this.#since = saved?.since ?? null;
  }

  completion({ call, completionTokens }: TrajectoryRecord): void {
    this.#at(call).tokens += completionTokens;
  }

  task({ call, question, proposedBy }: TaskRecord): void {
    // The curriculum's own tasks repeat questions that were posed before.
    if (question === null || proposedBy === null || call.endsWith("source:curriculum")) return;
    const made = this.#at(call);
    made.questions += 1;
    made.characters += [...question].length;
  }

  /** Live work begins. */
  begin(t: number): void {
    this.#since = t;
  }

  /** What was written at a place, and how fast: from the metric record before it, or since work began, until `t`. */
  take(place: CallPlace, t: number): Record<string, number | null> {
    const key = keyOf(place);
    const made = this.#made.get(key);
    this.#made.delete(key);
    this.#last = null;
    const seconds = this.#since === null ? 0 : (t - this.#since) / 1000;
    this.#since = t;
    if (made === undefined) return {};
    return {
      tokens_per_second: seconds > 0 && made.tokens > 0 ? made.tokens / seconds : null,
      question_characters: made.questions > 0 ? made.characters / made.questions : null,
    };
  }

  toJSON(): z.infer<typeof savedProduced> {
    return { made: Object.fromEntries(this.#made), since: this.#since };
  }

  #at(call: string): Made {
    if (this.#last?.call === call) return this.#last.made;
    const key = keyOf(callPlace(call));
    const made = this.#made.get(key) ?? { tokens: 0, questions: 0, characters: 0 };
    this.#made.set(key, made);
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= PLACES) break;
      this.#made.delete(oldest);
    }
    this.#last = { call, made };
    return made;
  }
}

function keyOf({ iteration, stage, step }: CallPlace): string {
  return `${iteration}/${stage}/${step ?? ""}`;
}
