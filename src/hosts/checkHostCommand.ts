import * as vscode from "vscode";
import { connectTo } from "../ssh/connect.ts";
import { localTransport } from "../ssh/localTransport.ts";
import { TransportError } from "../ssh/transport.ts";
import { checkHost } from "./checkHost.ts";
import { connectorOf } from "./connector.ts";
import { settingsOf } from "./hostSettings.ts";
import { pickHost } from "./pickHost.ts";

/** `R-Zero: Check Host`: a report of what a host has and lacks for runs, each with what to do. */
export async function checkHostCommand(storage: vscode.Uri, log: vscode.LogOutputChannel): Promise<void> {
  const host = await pickHost(vscode.l10n.t("R-Zero: Check Host"));
  if (host === undefined) return;
  const thisMachine = vscode.l10n.t("This machine");
  const name = host.alias ?? thisMachine;
  try {
    const report = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t("Checking {0}", name), cancellable: true },
      (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        const connect = async () => {
          if (host.alias === null) return localTransport(thisMachine, process.env);
          return connectTo(connectorOf(storage, log), host.alias, abort.signal);
        };
        const settings = settingsOf(vscode.workspace.getConfiguration("rzero").get("hosts"), host.alias ?? "local");
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

/** One sentence for the person, the detail for the log; a cancel is no error. */
async function tell(error: unknown, name: string, log: vscode.LogOutputChannel): Promise<void> {
  if (error instanceof TransportError && error.reason === "cancelled") return;
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof TransportError ? error.detail : error instanceof Error ? error.stack : null;
  log.error(`${name}: ${message}${detail == null ? "" : `\n${detail}`}`);
  const showLog = vscode.l10n.t("Show Log");
  if ((await vscode.window.showErrorMessage(message, showLog)) === showLog) log.show();
}
