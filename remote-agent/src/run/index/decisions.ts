import type { DecisionRecord, Stored } from "../../protocol/records.ts";
import { type DecisionView, LABEL_CHARS, NOTE_CHARS, QUESTION_CHARS } from "../../protocol/review.ts";
import type { Result } from "../../protocol/rpc.ts";
import { RANGE_CHARS } from "../passedRecord.ts";
import { viewOf } from "../reviewWriter.ts";
import { clip } from "./bounded.ts";
import { clippedTexts } from "./decisionTexts.ts";
import { IndexError } from "./errors.ts";
import type { RecordReader } from "./reader.ts";

export type DecisionPage = Result<"runs/decisions">;

/** Read at once: of the greatest length they have a few million characters. */
const STRETCH = 25;

/**
 * A page of what reviewers decided, on one question or on all. It has fewer than `limit` where they are long, at least one if there is
 * any, and fits into a message (passedRecord.ts). @throws IndexError when the record belongs to no question
 */
export function decisionPage(
  reader: RecordReader,
  { id, after, limit }: { id: string | undefined; after: number; limit: number },
): Omit<DecisionPage, "index"> {
  const question = id === undefined ? null : reader.byId(id).question;
  if (id !== undefined && question === null)
    throw new IndexError("no_question", `Record ${id} belongs to no single question.`);
  const decisions: DecisionView[] = [];
  let chars = 0;
  for (const decision of decisionsAfter(reader, question, after)) {
    const view = bounded(viewOf(decision));
    chars += JSON.stringify(view).length;
    if (decisions.length === limit || (decisions.length > 0 && chars > RANGE_CHARS)) return { decisions, more: true };
    decisions.push(view);
  }
  return { decisions, more: false };
}

function* decisionsAfter(
  reader: RecordReader,
  question: number | null,
  after: number,
): Generator<Stored<DecisionRecord>, void> {
  let last = after;
  for (;;) {
    const found = reader.decisions(question, last, STRETCH);
    yield* found;
    if (found.length < STRETCH) return;
    last = found.at(-1)?.seq ?? last;
  }
}

/** Nothing that was decided here is longer; somebody's downloaded run may say that it was. */
function bounded(view: DecisionView): DecisionView {
  const texts = clippedTexts(view, { label: LABEL_CHARS, question: QUESTION_CHARS, note: NOTE_CHARS });
  return { ...view, ...texts, by: clip(view.by, NOTE_CHARS).text };
}
