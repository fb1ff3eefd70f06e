import * as vscode from "vscode";
import type { CurriculumWords } from "./curriculumText.ts";
import type { QuestionWords } from "./questionText.ts";
import type { Suspicion } from "./suspicions.ts";
import { visibleLine } from "./visibleText.ts";

const t = vscode.l10n.t;

const REASON_CHARS = 500;

export function curriculumWords(): CurriculumWords {
  return {
    label: t("label"),
    corrected: t("corrected to"),
    edited: t("edited to"),
    note: t("note"),
    source: t("source"),
    decided: t("review"),
    approvedBy: (who) => t("approved by {0}", who),
    rejectedBy: (who) => t("rejected by {0}", who),
    undecided: t("undecided"),
    cut: t("(cut; Show Question has more)"),
    noLabel: t("none"),
    place: (iteration, stage) => t("iteration {0}, {1}", iteration, stage),
    empty: t("No question was kept in this iteration, or none yet."),
    more: (shown, total) => t("The first {0} of {1} questions are shown.", shown, total),
  };
}

export function questionWords(): QuestionWords {
  return {
    label: t("label"),
    noAnswer: t("no answer"),
    majority: t("label"),
    cut: t("(cut)"),
    more: (count) => t("{0} more answers.", count),
  };
}

/** A doubt in a sentence, for the problems view. */
export function suspicionText(suspicion: Suspicion): string {
  switch (suspicion.kind) {
    case "duplicate":
      return t("Duplicate of question {0}.", suspicion.of + 1);
    case "wrongLabel":
      return t("The label is wrong: the true answer is known and is another one.");
    case "contested":
      return t("Only {0} of {1} answers agree with the label.", suspicion.votes, suspicion.denominator);
    case "unanswerable":
      return t("Unanswerable: the Solver gave no answer that can be read.");
    case "cutAnswers":
      return t("{0} of {1} answers were cut off at their length limit.", suspicion.cut, suspicion.of);
    case "malformed":
      return t("Malformed: {0}.", visibleLine(suspicion.reason ?? "?").slice(0, REASON_CHARS));
  }
}
