import * as vscode from "vscode";
import { type ChosenRun, listedRuns } from "../explorer/chooseRun.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import type { ConfigDocuments } from "./configDocuments.ts";

/** Two runs' configurations side by side in the diff editor, or only what differs. Null: the second one is asked for. */
export async function compareRuns(
  { hosts }: Services,
  documents: ConfigDocuments,
  first: ChosenRun,
  second: ChosenRun | null,
): Promise<void> {
  const title = vscode.l10n.t("R-Zero: compare {0} with", first.run.id);
  const other = second ?? (await chooseOther(hosts, first, title));
  if (other === undefined) return;
  const a = { host: first.entry.id, run: first.run.id };
  const b = { host: other.entry.id, run: other.run.id };
  const ways = [
    { label: vscode.l10n.t("Side by side"), way: "diff" },
    { label: vscode.l10n.t("Only differences"), way: "differences" },
  ];
  const way = await vscode.window.showQuickPick(ways, { title });
  if (way === undefined) return;
  if (way.way === "diff") {
    const name = `${a.run} ↔ ${b.run}`;
    documents.renew(documents.uriOf(a), documents.uriOf(b));
    await vscode.commands.executeCommand("vscode.diff", documents.uriOf(a), documents.uriOf(b), name);
  } else await open(documents, documents.differencesOf(a, b));
}

async function chooseOther(hosts: Hosts, first: ChosenRun, title: string): Promise<ChosenRun | undefined> {
  const listed = await listedRuns(hosts, title);
  if (listed === undefined) return undefined;
  const others = listed
    .filter(({ entry, run }) => entry.id !== first.entry.id || run.id !== first.run.id)
    .map((chosen) => ({
      label: oneLine(chosen.run.name),
      description: chosen.entry.name,
      detail: chosen.run.id,
      chosen,
    }));
  if (others.length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t("There is no other run to compare with."));
    return undefined;
  }
  const options = { title, matchOnDescription: true, matchOnDetail: true };
  return (await vscode.window.showQuickPick(others, options))?.chosen;
}

export async function showRunConfig(documents: ConfigDocuments, { entry, run }: ChosenRun): Promise<void> {
  await open(documents, documents.uriOf({ host: entry.id, run: run.id }));
}

async function open(documents: ConfigDocuments, uri: vscode.Uri): Promise<void> {
  documents.renew(uri);
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
}
