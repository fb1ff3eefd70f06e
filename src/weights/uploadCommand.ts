import { homedir } from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { transportTo } from "../hosts/attach.ts";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { settingsOf } from "../hosts/hostSettings.ts";
import type { Services } from "../services.ts";
import { modelFiles, uploadModel } from "./modelUpload.ts";
import { withWeightsProgress } from "./weightsProgress.ts";

/** Lets the person choose a model's folder and uploads it. @returns its folder on the host; undefined: they chose none. @throws TransportError, NoModelFolder */
export async function chooseAndUpload({ context, log }: Services, entry: HostEntry): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: vscode.l10n.t("R-Zero: a Hugging Face model folder to upload"),
    openLabel: vscode.l10n.t("Upload"),
    defaultUri: vscode.Uri.file(path.join(homedir(), ".cache", "huggingface", "hub")),
  });
  const folder = chosen?.[0]?.fsPath;
  if (folder === undefined) return undefined;
  await modelFiles(folder); // said at once, before anything is connected
  const { root } = settingsOf(vscode.workspace.getConfiguration("rzero").get("hosts"), entry.id);
  const title = vscode.l10n.t("Uploading {0} to {1}", path.basename(folder), entry.name);
  return withWeightsProgress(title, async (report, signal) => {
    // A connection of its own: gigabytes must not stand before what a run tells.
    const transport = await transportTo({ id: entry.id, name: entry.name }, { context, log, signal });
    try {
      return await uploadModel(transport, { folder, root, onProgress: report, signal });
    } finally {
      await transport.close();
    }
  });
}
