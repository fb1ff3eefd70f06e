import type { RunRecord, ScoreRecord, Stored } from "../../protocol/records.ts";

const KEPT = 6;
const DROPPED = 4;
const LONGEST = 300;

/**
 * A few labelled questions of a curriculum, kept and dropped ones. Which ones is decided by their ids, which are hashes:
 * as good as random, and the same at every replay.
 */
export class QuestionSample {
  static readonly columns = ["question", "pseudo-label", "votes", "kept", "true answer"];
  readonly #questions = new Map<string, string>();
  readonly #labels = { kept: new Map<string, ScoreRecord>(), dropped: new Map<string, ScoreRecord>() };

  add(record: Extract<Stored<RunRecord>, { type: "task" | "score" }>): void {
    if (record.type === "task") {
      // The curriculum stands after all questions that a Challenger's training asked: those before it are not needed.
      if (record.question !== null && record.truth.source === "none") this.#questions.set(record.id, record.question);
      else if (record.question === null) this.#questions.clear();
    } else if (record.scorer.name === "pseudo-label") {
      const [labels, most] =
        record.parts["kept"] === true ? [this.#labels.kept, KEPT] : [this.#labels.dropped, DROPPED];
      labels.set(record.id, record);
      if (labels.size <= most) return;
      const last = [...labels.keys()].sort().at(-1);
      if (last !== undefined) labels.delete(last);
    }
  }

  /** The rows of the curriculum that has just ended; the next one starts empty. */
  take(): string[][] {
    const { kept, dropped } = this.#labels;
    const rows = [kept, dropped].flatMap((labels) =>
      [...labels.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).flatMap((label) => this.#row(label)),
    );
    for (const map of [kept, dropped, this.#questions]) map.clear();
    return rows;
  }

  #row({ parents, parts }: ScoreRecord): string[][] {
    const question = this.#questions.get(parents[0] ?? "");
    if (question === undefined) return [];
    const { correct } = parts;
    return [
      [
        clipped(question),
        clipped(String(parts["label"] ?? "")),
        `${parts["votes"]} of ${parts["denominator"]}`,
        parts["kept"] === true ? "yes" : `no: ${parts["reason"] ?? ""}`,
        correct === null || correct === undefined ? "unknown" : correct === true ? "agrees" : "differs",
      ],
    ];
  }
}

/** Half a surrogate pair, which a cut may leave and a model may write, is no text that others could store. */
function clipped(text: string): string {
  return (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`).toWellFormed();
}
