import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { oneLine } from "../oneLine.ts";
import { standing } from "./runLines.ts";
import type { TreeLine } from "./treeModel.ts";

export interface ChosenRun {
  readonly entry: HostEntry;
  readonly run: RunModel;
}

/** The run of a line of the explorer; without one the person picks among those that `fits` lets in. */
export async function chooseRun(
  hosts: Hosts,
  line: Pick<TreeLine, "host" | "run"> | undefined,
  { title, fits = () => true }: { title: string; fits?: (run: RunModel) => boolean },
): Promise<ChosenRun | undefined> {
  const all = hosts.all.flatMap((entry) => (entry.model.runs ?? []).map((run) => ({ entry, run })));
  if (line?.run != null) return all.find(({ entry, run }) => entry.id === line.host && run.id === line.run);
  const choices = all
    .filter(({ run }) => fits(run))
    .sort((a, b) => (a.run.createdAt < b.run.createdAt ? 1 : -1))
    .map((chosen) => ({
      label: oneLine(chosen.run.name),
      description: `${standing(chosen.run, vscode.l10n)} · ${chosen.entry.name}`,
      detail: chosen.run.id,
      chosen,
    }));
  if (choices.length === 0) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t("There is no run for this. Connect a host in the R-Zero view, or launch a run."),
    );
    return undefined;
  }
  return (await vscode.window.showQuickPick(choices, { title, matchOnDescription: true, matchOnDetail: true }))?.chosen;
}
