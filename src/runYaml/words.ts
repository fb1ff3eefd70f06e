import * as vscode from "vscode";
import type { Doubt } from "./crossField.ts";
import type { SchemaWords } from "./describe.ts";

/** What completion and hovers say around the schema's own descriptions. */
export function schemaWords(): SchemaWords {
  return {
    needed: vscode.l10n.t("Has to be set."),
    usual: (value, preset) => vscode.l10n.t("Default {0} ({1}).", value, preset),
    others: (list) => vscode.l10n.t("Other presets: {0}.", list),
    mayBe: (what) => vscode.l10n.t("May be {0}.", what),
    group: (names) => vscode.l10n.t("Settings: {0}.", names),
    preset: (iterations, challengerSteps, solverSteps, questions) =>
      vscode.l10n.t(
        "{0} iterations of {1} Challenger steps, {2} questions and {3} Solver steps.",
        iterations,
        challengerSteps,
        questions,
        solverSteps,
      ),
  };
}

/** Why a combination of settings is doubted, and what would be right. */
export function doubtSentence(doubt: Doubt): string {
  switch (doubt.code) {
    case "fewer_steps":
      return vscode.l10n.t(
        "A step has only {0} groups, so it takes {0} optimiser steps, not {1}. Set it to {0} at most.",
        doubt.groups,
        doubt.asked,
      );
    case "one_answer":
      return vscode.l10n.t(
        "With one answer a question, the majority is always that answer: the share says nothing. Use several, such as 10.",
      );
    case "few_questions":
      return vscode.l10n.t(
        "{0} questions are fewer than the {1} that a Solver step takes, and not all are kept. Raise it, or lower solver.prompts.",
        doubt.questions,
        doubt.prompts,
      );
    case "early_stop_idle":
      return vscode.l10n.t("With label: sample every answer is drawn: earlyStop does nothing. Leave it out.");
    case "engine_runs":
      return vscode.l10n.t("The engine at engine.url runs already: this setting does nothing. Leave it out.");
  }
}
