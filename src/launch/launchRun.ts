import * as vscode from "vscode";
import type { LaunchPreset } from "../../remote-agent/src/protocol/launching.ts";
import type { TreeLine } from "../explorer/treeModel.ts";
import { tell } from "../hosts/tell.ts";
import type { Services } from "../services.ts";
import { refuseUntrusted } from "./askTrust.ts";
import { connected, pickListedHost } from "./connectedHost.ts";
import { type DocumentHosts, openRunYaml } from "./launchDocument.ts";
import { presetDetail } from "./planText.ts";

/** `R-Zero: Launch Run`: host, then preset, then a run.yaml to review. */
export async function launchRun(
  services: Services,
  documents: DocumentHosts,
  line: TreeLine | undefined,
): Promise<void> {
  if (!vscode.workspace.isTrusted) return void (await refuseUntrusted());
  const title = vscode.l10n.t("R-Zero: Launch Run");
  const entry =
    (line === undefined ? undefined : services.hosts.get(line.host)) ?? (await pickListedHost(services, title));
  if (entry === undefined) return;
  try {
    await connected(services, entry);
    const { presets } = await entry.link.request("runs/presets", {}, { limitMs: 60_000 });
    const chosen = await choose(presets, vscode.l10n.t("{0} on {1}", title, entry.name));
    if (chosen === undefined) return;
    const document =
      "file" in chosen
        ? await vscode.workspace.openTextDocument(chosen.file)
        : await openRunYaml(chosen.preset.name, chosen.preset.text);
    if ("file" in chosen) await vscode.window.showTextDocument(document);
    await documents.set(document.uri, entry.id);
  } catch (error) {
    await tell(error, entry.name, services.log);
  }
}

type Choice = { preset: LaunchPreset } | { file: vscode.Uri };

async function choose(presets: readonly LaunchPreset[], title: string): Promise<Choice | undefined> {
  const files = await vscode.workspace.findFiles("**/{run.yaml,*.run.yaml}", "**/node_modules/**", 50);
  const separator = (label: string) => ({ label, kind: vscode.QuickPickItemKind.Separator, choice: undefined });
  const items = [
    separator(vscode.l10n.t("Presets")),
    ...presets.map((preset) => ({
      label: preset.name,
      description: preset.summary,
      detail: presetDetail(preset),
      choice: { preset },
    })),
    ...(files.length > 0 ? [separator(vscode.l10n.t("In this workspace"))] : []),
    ...files.map((file) => ({ label: vscode.workspace.asRelativePath(file), choice: { file } })),
  ];
  const placeHolder = vscode.l10n.t("What to begin with; you review it before it starts");
  const options = { title, placeHolder, matchOnDescription: true, matchOnDetail: true };
  return (await vscode.window.showQuickPick(items, options))?.choice;
}
