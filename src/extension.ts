import * as vscode from "vscode";
import { commandLines } from "./commandLine.ts";
import { Explorer } from "./explorer/explorer.ts";
import type { TreeLine } from "./explorer/treeModel.ts";
import { checkHostCommand } from "./hosts/checkHostCommand.ts";
import { type CommandId, commands, type TerminalCommandId } from "./ids.ts";
import { runInTerminal } from "./terminal.ts";

/** The composition root of the extension host. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("R-Zero", { log: true });
  const explorer = new Explorer(context, log);
  const terminal = (id: TerminalCommandId) => () => runInTerminal(context.extensionUri, commandLines[id]);
  // A command without a handler does not compile.
  const handlers: Record<CommandId, (line?: TreeLine) => unknown> = {
    [commands.runDemo]: terminal(commands.runDemo),
    [commands.listRuns]: terminal(commands.listRuns),
    [commands.checkMachine]: terminal(commands.checkMachine),
    [commands.checkHost]: () => checkHostCommand(context.globalStorageUri, log),
    [commands.addHost]: () => explorer.addHost(),
    [commands.connectHost]: (line) => explorer.connect(line),
    [commands.disconnectHost]: (line) => explorer.disconnect(line),
    [commands.forgetHost]: (line) => explorer.forget(line),
    [commands.refreshRuns]: () => explorer.refresh(),
    [commands.pauseRun]: (line) => explorer.steer("pause", line),
    [commands.resumeRun]: (line) => explorer.steer("resume", line),
    [commands.stopRun]: (line) => explorer.steer("stop", line),
  };
  context.subscriptions.push(log, explorer);
  for (const [id, handler] of Object.entries(handlers))
    context.subscriptions.push(vscode.commands.registerCommand(id, handler));
}
