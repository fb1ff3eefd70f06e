import { oneLine } from "../../../remote-agent/src/modelText/visible.ts";
import type { QuestionSort } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import { type ColumnId, columnIds } from "../../../src/panels/inspector/messages.ts";
import { decimal, percent, whole } from "../format.ts";
import type { Words } from "../words.ts";

export interface Column {
  readonly id: ColumnId;
  readonly sort: QuestionSort["by"];
  /** Pixels; null: what is left. */
  readonly width: number | null;
  readonly isNumber: boolean;
  /** `chars`: no more of them can be seen in the column that takes what is left. */
  readonly text: (row: QuestionRow, words: Words["texts"], chars: number) => string;
  /** A class of the cell, by what the row says. */
  readonly look?: (row: QuestionRow) => string;
}

const LABEL_CHARS = 60;

const number = (id: ColumnId & QuestionSort["by"], width: number, text: (row: QuestionRow) => string): Column => ({
  id,
  sort: id,
  width,
  isNumber: true,
  text,
});

const columns: Record<ColumnId, Column> = {
  iteration: number("iteration", 44, (row) => String(row.iteration)),
  stage: { id: "stage", sort: "stage", width: 88, isNumber: false, text: (row) => row.stage },
  step: number("step", 52, (row) => whole(row.step)),
  text: {
    id: "text",
    sort: "text",
    width: null,
    isNumber: false,
    text: (row, _, chars) => oneLine(row.text, chars),
    look: (row) => (row.valid ? "" : "invalid"),
  },
  label: {
    id: "label",
    sort: "label",
    width: 96,
    isNumber: false,
    text: (row) => oneLine(row.label ?? "–", LABEL_CHARS),
  },
  share: {
    ...number("share", 84, (row) => (row.share === null ? "–" : `${percent(row.share)}`)),
    look: (row) => (row.share === null ? "" : "share"),
  },
  kept: {
    id: "kept",
    sort: "kept",
    width: 96,
    isNumber: false,
    text: (row, words) => fate(row, words),
    look: (row) => (row.kept === true ? "good" : row.valid ? "" : "bad"),
  },
  correct: {
    id: "correct",
    sort: "correct",
    width: 60,
    isNumber: false,
    text: (row, words) => (row.correct === null ? "–" : row.correct ? words.right : words.wrong),
    look: (row) => (row.correct === null ? "" : row.correct ? "good" : "bad"),
  },
  difficulty: number("difficulty", 76, (row) => decimal(row.difficulty, 2)),
  reward: number("reward", 72, (row) => decimal(row.reward)),
  uncertainty: number("uncertainty", 88, (row) => decimal(row.uncertainty)),
  penalty: number("penalty", 76, (row) => decimal(row.penalty)),
  clusterSize: number("clusterSize", 66, (row) => whole(row.clusterSize)),
  answers: number("answers", 70, (row) => String(row.answers)),
  truncated: number("truncated", 72, (row) => String(row.truncated)),
  answerTokens: number("answerTokens", 82, (row) => whole(row.answerTokens)),
  trainedSteps: number("trainedSteps", 70, (row) => String(row.trainedSteps)),
  verdict: {
    id: "verdict",
    sort: "verdict",
    width: 88,
    isNumber: false,
    text: (row, words) => verdictText(row, words) || "–",
    look: ({ decision }) => (decision?.verdict === "approve" ? "good" : decision?.verdict === "reject" ? "bad" : ""),
  },
};

/** A reviewer's verdict in the reviewer's words; "" where there is none. */
export function verdictText({ decision }: QuestionRow, words: Words["texts"]): string {
  const verdict = decision?.verdict ?? null;
  if (verdict === null) return decision === null ? "" : decision.note === null ? "" : words.note;
  return verdict === "approve" ? words.approved : words.rejected;
}

/** The columns that were chosen, in the order of the table. */
export function columnsOf(ids: readonly ColumnId[]): Column[] {
  return columnIds.filter((id) => id === "text" || ids.includes(id)).map((id) => columns[id]);
}

export function fate({ valid, reason, kept, band }: QuestionRow, words: Words["texts"]): string {
  if (!valid) return reasonText(reason ?? "invalid");
  if (kept === null) return "–";
  return kept ? words.kept : reasonText(band ?? words.dropped);
}

/** Reasons are codes of the recipe: `too_easy`. */
export function reasonText(code: string): string {
  return oneLine(code.replaceAll("_", " "), 60);
}
