import * as vscode from "vscode";
import { commandLines } from "./commandLine.ts";
import { checkHostCommand } from "./hosts/checkHostCommand.ts";
import { commands, type TerminalCommandId } from "./ids.ts";
import { runInTerminal } from "./terminal.ts";

/** The composition root of the extension host. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("R-Zero", { log: true });
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand(commands.checkHost, () => checkHostCommand(context.globalStorageUri, log)),
  );
  for (const [id, commandLine] of Object.entries(commandLines) as [
    TerminalCommandId,
    (typeof commandLines)[TerminalCommandId],
  ][])
    context.subscriptions.push(
      vscode.commands.registerCommand(id, () => runInTerminal(context.extensionUri, commandLine)),
    );
}
