import * as vscode from "vscode";
import { commandLines } from "./commandLine.ts";
import { runInTerminal } from "./terminal.ts";

/** The composition root of the extension host. */
export function activate(context: vscode.ExtensionContext): void {
  for (const [id, commandLine] of Object.entries(commandLines))
    context.subscriptions.push(
      vscode.commands.registerCommand(id, () => runInTerminal(context.extensionUri, commandLine)),
    );
}
