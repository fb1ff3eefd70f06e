import * as vscode from "vscode";
import type { CurriculumWords } from "./curriculumText.ts";
import type { QuestionWords } from "./questionText.ts";
import type { Suspicion } from "./suspicions.ts";
import { visibleLine } from "./visibleText.ts";

const REASON_CHARS = 500;

export function curriculumWords(isStillRead: boolean): CurriculumWords {
  return {
    label: vscode.l10n.t("label"),
    corrected: vscode.l10n.t("corrected to"),
    edited: vscode.l10n.t("edited to"),
    note: vscode.l10n.t("note"),
    source: vscode.l10n.t("source"),
    decided: vscode.l10n.t("review"),
    approvedBy: (who) => vscode.l10n.t("approved by {0}", who),
    rejectedBy: (who) => vscode.l10n.t("rejected by {0}", who),
    undecided: vscode.l10n.t("undecided"),
    cut: vscode.l10n.t("(cut; Show Question has more)"),
    noLabel: vscode.l10n.t("none"),
    place: (iteration, stage) => vscode.l10n.t("iteration {0}, {1}", iteration, stage),
    empty: isStillRead
      ? vscode.l10n.t("The run is still being read…")
      : vscode.l10n.t("No question was kept in this iteration, or none yet."),
    more: (shown, total) => vscode.l10n.t("The first {0} of {1} questions are shown.", shown, total),
  };
}

export function questionWords(): QuestionWords {
  return {
    label: vscode.l10n.t("label"),
    noAnswer: vscode.l10n.t("no answer"),
    majority: vscode.l10n.t("label"),
    cut: vscode.l10n.t("(cut)"),
    more: (count) => vscode.l10n.t("{0} more answers.", count),
  };
}

/** A doubt in a sentence, for the problems view. */
export function suspicionText(suspicion: Suspicion): string {
  switch (suspicion.kind) {
    case "duplicate":
      return vscode.l10n.t("Duplicate of question {0}.", suspicion.of + 1);
    case "wrongLabel":
      return vscode.l10n.t("The label is wrong: the true answer is known and is another one.");
    case "contested":
      return vscode.l10n.t("Only {0} of {1} answers agree with the label.", suspicion.votes, suspicion.denominator);
    case "unanswerable":
      return vscode.l10n.t("Unanswerable: the Solver gave no answer that can be read.");
    case "cutAnswers":
      return vscode.l10n.t("{0} of {1} answers were cut off at their length limit.", suspicion.cut, suspicion.of);
    case "malformed":
      return vscode.l10n.t("Malformed: {0}.", visibleLine(suspicion.reason ?? "?").slice(0, REASON_CHARS));
  }
}
