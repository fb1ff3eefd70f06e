import { ROW_DECISION_CHARS } from "../../protocol/review.ts";
import { clip } from "./bounded.ts";

interface Texts<V> {
  readonly label: V;
  readonly question: V;
  readonly note: V;
}

/** Characters of each that stand in a row of questions. */
export const rowTexts: Texts<number> = {
  label: ROW_DECISION_CHARS,
  question: ROW_DECISION_CHARS,
  note: ROW_DECISION_CHARS,
};

/** The beginnings of a decision's texts. */
export function clippedTexts({ label, question, note }: Texts<string | null>, most: Texts<number>) {
  const cut = (text: string | null, chars: number) => (text === null ? null : clip(text, chars).text);
  return { label: cut(label, most.label), question: cut(question, most.question), note: cut(note, most.note) };
}
