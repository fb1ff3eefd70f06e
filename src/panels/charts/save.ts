import * as vscode from "vscode";

/** Writes a file where the person says; false when they thought better of it. */
export async function save({
  name,
  kind,
  bytes,
}: {
  name: string;
  kind: "png" | "csv";
  bytes: Uint8Array;
}): Promise<boolean> {
  const file = `${name.replace(/[^\w.-]+/g, "-").replace(/^[-.]+/, "") || "chart"}.${kind}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, file) }),
    filters: kind === "png" ? { [vscode.l10n.t("Images")]: ["png"] } : { [vscode.l10n.t("Tables")]: ["csv"] },
    title: file,
  });
  if (target === undefined) return false;
  await vscode.workspace.fs.writeFile(target, bytes);
  return true;
}
