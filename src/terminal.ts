import * as vscode from "vscode";
import type { CommandLine } from "./commandLine.ts";
import { LOCAL } from "./hosts/localHost.ts";
import { tell } from "./hosts/tell.ts";
import type { Services } from "./services.ts";

/**
 * Runs `rzero` of this machine in an integrated terminal, as the explorer does: the agent that comes with the extension, with the
 * Node and the Python that were found or brought. The terminal stays open to be read when the command has ended.
 */
export async function runInTerminal({ context, log }: Services, { title, args }: CommandLine): Promise<void> {
  const host = { id: LOCAL, name: vscode.l10n.t("This machine") };
  const preparing = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("R-Zero"),
    cancellable: true,
  };
  try {
    const script = await vscode.window.withProgress(preparing, async (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      const onStep = (step: string) => progress.report({ message: step });
      const { deployTo } = await import("./hosts/attach.ts");
      const { transport, deployment } = await deployTo(host, onStep, { context, log, signal: abort.signal });
      await transport.close();
      return deployment.command(args);
    });
    await vscode.tasks.executeTask(taskOf(title, script));
  } catch (error) {
    await tell(error, host.name, log);
  }
}

function taskOf(title: string, script: string): vscode.Task {
  const execution = new vscode.ProcessExecution("/bin/sh", ["-c", script]);
  const task = new vscode.Task({ type: "process" }, vscode.TaskScope.Global, title, "R-Zero", execution, []);
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    focus: true,
    echo: false,
    panel: vscode.TaskPanelKind.Dedicated,
  };
  return task;
}
