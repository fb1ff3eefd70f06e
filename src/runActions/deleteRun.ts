import * as vscode from "vscode";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { bytesText } from "../launch/amounts.ts";

const SIZE_MS = 60_000;
const DELETE_MS = 10 * 60_000;

/** Asks, naming the run and its size, and removes it for good. */
export async function deleteRun({ entry, run }: ChosenRun): Promise<void> {
  if (run.live) {
    await vscode.window.showInformationMessage(vscode.l10n.t("{0} is at work: stop it first.", run.id));
    return;
  }
  const { bytes } = await entry.link.request("runs/size", { run: run.id }, { limitMs: SIZE_MS });
  const remove = vscode.l10n.t("Delete");
  const question = vscode.l10n.t("Delete {0} on {1}?", run.id, entry.name);
  const detail = vscode.l10n.t(
    "Its journal, questions, logs and checkpoints are removed for good ({0}): {1}",
    bytesText(bytes),
    run.directory,
  );
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const options = { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t("Deleting {0}", run.id) };
  await vscode.window.withProgress(options, () =>
    entry.link.request("runs/delete", { run: run.id }, { limitMs: DELETE_MS }),
  );
  await entry.refresh();
}
