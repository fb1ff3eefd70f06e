import * as vscode from "vscode";
import { transportTo } from "./attach.ts";
import { checkHost } from "./checkHost.ts";
import { settingsOf } from "./hostSettings.ts";
import { LOCAL } from "./localHost.ts";
import { pickHost } from "./pickHost.ts";
import { tell } from "./tell.ts";

/** `R-Zero: Check Host`: a report of what a host has and lacks for runs, each with what to do. */
export async function checkHostCommand(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<void> {
  const host = await pickHost(vscode.l10n.t("R-Zero: Check Host"));
  if (host === undefined) return;
  const id = host.alias ?? LOCAL;
  const name = host.alias ?? vscode.l10n.t("This machine");
  try {
    const report = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t("Checking {0}", name), cancellable: true },
      (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        const connect = () => transportTo({ id, name }, { context, log, signal: abort.signal });
        const settings = settingsOf(vscode.workspace.getConfiguration("rzero").get("hosts"), id);
        const clock = { now: () => new Date(), elapsed: () => performance.now() };
        return checkHost(connect, settings, clock, abort.signal);
      },
    );
    const document = await vscode.workspace.openTextDocument({ language: "markdown", content: report });
    await vscode.commands.executeCommand("markdown.showPreview", document.uri);
  } catch (error) {
    await tell(error, name, log);
  }
}
