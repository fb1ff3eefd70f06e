import * as vscode from "vscode";
import { listedRuns } from "../../explorer/chooseRun.ts";
import { standing } from "../../explorer/runLines.ts";
import type { Hosts } from "../../hosts/hosts.ts";
import { oneLine } from "../../oneLine.ts";
import { type ChartsState, MOST_RUNS } from "./messages.ts";

type Runs = ChartsState["runs"];

/** Lets the person choose the runs whose charts are laid over each other; undefined when they thought better of it. */
export async function chooseRuns(hosts: Pick<Hosts, "all">, chosen: Runs): Promise<Runs | undefined> {
  const title = vscode.l10n.t("R-Zero: Runs in the Charts (at most {0})", MOST_RUNS);
  const listed = await listedRuns(hosts, title);
  if (listed === undefined) return undefined;
  const isChosen = (host: string, run: string) => chosen.some((item) => item.host === host && item.run === run);
  const items = listed.map(({ entry, run }) => ({
    label: oneLine(run.name),
    description: `${standing(run, vscode.l10n)} · ${entry.name}`,
    detail: run.id,
    picked: isChosen(entry.id, run.id),
    value: { host: entry.id, run: run.id },
  }));
  // Runs of a host that is not connected cannot be listed, but stay chosen.
  const others = chosen.filter(({ host, run }) => !items.some(({ value }) => value.host === host && value.run === run));
  if (items.length === 0) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t("There is no run to show. Connect a host in the R-Zero view, or launch a run."),
    );
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(items, {
    title,
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked === undefined) return undefined;
  return [...others, ...picked.map(({ value }) => value)].slice(0, MOST_RUNS);
}
