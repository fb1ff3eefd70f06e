import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { unlisted, whenListed } from "../hosts/whenListed.ts";
import { oneLine } from "../oneLine.ts";
import { withCancel } from "../withProgress.ts";
import { standing } from "./runLines.ts";
import type { TreeLine } from "./treeModel.ts";

export interface ChosenRun {
  readonly entry: HostEntry;
  readonly run: RunModel;
}

/** A list that comes sooner needs no notification, which would only flash. */
const SOON_MS = 500;

/** The run of a line of the explorer; without one the person picks among those that `fits` lets in. */
export async function chooseRun(
  hosts: Pick<Hosts, "all" | "get">,
  line: Pick<TreeLine, "host" | "run"> | undefined,
  { title, fits = () => true }: { title: string; fits?: (run: RunModel) => boolean },
): Promise<ChosenRun | undefined> {
  if (line?.run != null) {
    const entry = hosts.get(line.host);
    const run = entry?.model.runs?.find(({ id }) => id === line.run);
    return entry === undefined || run === undefined ? undefined : { entry, run };
  }
  const listed = await listedRuns(hosts, title);
  if (listed === undefined) return undefined;
  const choices = listed
    .filter(({ run }) => fits(run))
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

/**
 * The runs of all hosts, the newest first. Those of a host that was connected a moment ago are waited for: who is told meanwhile that
 * there is no run would look for what is wrong.
 * @returns undefined when the person gave up waiting
 */
export async function listedRuns({ all }: Pick<Hosts, "all">, title: string): Promise<ChosenRun[] | undefined> {
  const waited = unlisted(all);
  if (waited.length > 0) {
    const listed = whenListed(waited).then(() => true);
    const isSoon = await Promise.race([listed, delay(SOON_MS, false)]);
    if (!isSoon && !(await visibly(listed, title, waited))) return undefined;
  }
  return all
    .flatMap((entry) => (entry.model.runs ?? []).map((run) => ({ entry, run })))
    .sort((a, b) => (a.run.createdAt < b.run.createdAt ? 1 : -1));
}

/** @returns whether it came; false when the person gave up */
function visibly(listed: Promise<boolean>, title: string, waited: readonly HostEntry[]): Promise<boolean> {
  return withCancel(title, (progress, signal) => {
    const names = waited.map(({ name }) => name).join(", ");
    progress.report({ message: vscode.l10n.t("waiting for the runs of {0}", names) });
    const given = new Promise<boolean>((resolve) => signal.addEventListener("abort", () => resolve(false)));
    return Promise.race([listed, given]);
  });
}
