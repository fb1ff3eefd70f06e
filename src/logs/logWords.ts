import * as vscode from "vscode";
import type { LogWords } from "./logSession.ts";

/** What the terminal of logs says itself. */
export function logWords(host: string): LogWords {
  return {
    lost: (why) => vscode.l10n.t("The link to {0} is lost; it is tried again. {1}", host, why),
    notConnected: (why) => vscode.l10n.t("{0} is not connected. Connect it in the R-Zero view. {1}", host, why),
    back: vscode.l10n.t("The link is back."),
    paused: vscode.l10n.t("Paused: space goes on. Nothing is lost meanwhile."),
    goesOn: vscode.l10n.t("Going on."),
    ended: vscode.l10n.t("The run's process has ended. Should the run be resumed, its lines follow here."),
    rotated: vscode.l10n.t("Older lines were removed by log rotation before they could be read."),
    failed: (why) => vscode.l10n.t("The logs cannot be followed: {0}", why),
  };
}
