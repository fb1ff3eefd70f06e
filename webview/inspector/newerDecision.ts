import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";

/** Of what is decided on a question here and by the index, the newer: the index may be a moment behind what was just decided. */
export function newerDecision(known: QuestionRow["decision"], found: QuestionRow["decision"]): QuestionRow["decision"] {
  return known !== null && known.seq > (found?.seq ?? 0) ? known : found;
}
