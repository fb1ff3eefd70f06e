import * as vscode from "vscode";

/**
 * Shows a report in the browser of the person's own machine, or where the file is not on that, in the editor: as the page that it is,
 * which runs no script.
 */
export async function openReport(file: vscode.Uri, name: string): Promise<void> {
  const isHere = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  if (isHere && file.scheme === "file" && (await vscode.env.openExternal(file))) return;
  const html = Buffer.from(await vscode.workspace.fs.readFile(file)).toString("utf8");
  const title = vscode.l10n.t("Report of {0}", name);
  const panel = vscode.window.createWebviewPanel("rzero.report", title, vscode.ViewColumn.Active, {
    enableScripts: false,
    enableForms: false,
    enableCommandUris: false,
    localResourceRoots: [],
    enableFindWidget: true,
  });
  panel.webview.html = html;
}
