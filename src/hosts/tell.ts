import * as vscode from "vscode";
import { AgentError } from "../link/agentError.ts";
import { oneLine } from "../oneLine.ts";
import { TransportError } from "../ssh/transport.ts";
import { errorText } from "./errorText.ts";

const MESSAGE_CHARS = 2000;

/** One sentence for the person, the detail for the log; a cancel is no error. */
export async function tell(error: unknown, host: string, log: vscode.LogOutputChannel): Promise<void> {
  if ((error instanceof TransportError || error instanceof AgentError) && error.reason === "cancelled") return;
  const message = errorText(error, vscode.l10n);
  const detail = error instanceof TransportError ? error.detail : error instanceof Error ? error.stack : null;
  log.error(`${host}: ${message}${detail == null ? "" : `\n${detail}`}`);
  const showLog = vscode.l10n.t("Show Log");
  if ((await vscode.window.showErrorMessage(oneLine(message, MESSAGE_CHARS), showLog)) === showLog) log.show();
}
