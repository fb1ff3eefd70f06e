import type { RunRecord, Stored } from "../protocol/records.ts";

/** What the terminal shows beyond the run's view: the newest question. */
export interface RunDetail {
  question: { question: string; label: string | null } | null;
}

export function emptyDetail(): RunDetail {
  return { question: null };
}

/** Folds one record, in place. */
export function applyDetail(detail: RunDetail, record: Stored<RunRecord>): void {
  if (record.type === "task" && record.question !== null && record.truth.source !== "key")
    detail.question = { question: record.question, label: record.truth.answer };
}
