import * as vscode from "vscode";
import { type CommandLine, starter } from "./commandLine.ts";

/**
 * Runs `rzero` in an integrated terminal. As a task it is started through the user's own shell (its PATH finds node),
 * and the terminal stays open to be read when the command has ended.
 *
 * @param extension the extension's folder
 */
export async function runInTerminal(extension: vscode.Uri, { title, args }: CommandLine): Promise<void> {
  const script = vscode.Uri.joinPath(extension, ...starter);
  if (!(await exists(script))) {
    const sentence = vscode.l10n.t(
      "This build of R-Zero runs from a checkout of its repository: open the checkout and start “Run Extension” there.",
    );
    await vscode.window.showErrorMessage(sentence);
    return;
  }
  const quoted = [script.fsPath, "rzero", ...args].map((value) => ({ value, quoting: vscode.ShellQuoting.Strong }));
  const execution = new vscode.ShellExecution("node", quoted, { cwd: extension.fsPath });
  const task = new vscode.Task({ type: "shell" }, vscode.TaskScope.Global, title, "R-Zero", execution, []);
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    focus: true,
    panel: vscode.TaskPanelKind.Dedicated,
  };
  await vscode.tasks.executeTask(task);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") return false;
    throw error;
  }
}
