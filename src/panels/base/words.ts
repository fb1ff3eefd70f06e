import * as vscode from "vscode";

/** The texts of `stateWords`. */
export function wordsOfStates() {
  return {
    loading: vscode.l10n.t("Loading…"),
    retry: vscode.l10n.t("Try Again"),
    failed: vscode.l10n.t("This could not be shown"),
    timeout: vscode.l10n.t("There was no answer within {seconds} s.", { seconds: "{seconds}" }),
    malformed: vscode.l10n.t("The answer was not what was expected: reload the window after an update."),
  };
}
