import * as vscode from "vscode";
import { type ChosenRun, chooseRun } from "../explorer/chooseRun.ts";
import type { TreeLine } from "../explorer/treeModel.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import { LOCAL } from "../hosts/localHost.ts";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import { oneLine } from "../oneLine.ts";
import type { Handler, Services } from "../services.ts";
import { compareRuns, showRunConfig } from "./compare.ts";
import { ConfigDocuments } from "./configDocuments.ts";
import { deleteRun } from "./deleteRun.ts";
import { forkRun } from "./forkRun.ts";
import { NotesDocuments } from "./notesDocuments.ts";

/** What can be done with a run from its line in the explorer or from the palette. */
export function runActionCommands(services: Services) {
  const { hosts, log, context } = services;
  const configs = new ConfigDocuments(hosts);
  const notes = new NotesDocuments(services);
  context.subscriptions.push(configs, notes);
  /** Lets the person choose a run where none was given, and says what goes wrong. */
  const onRun =
    (
      title: string,
      act: (chosen: ChosenRun, line: TreeLine | undefined) => Promise<void>,
      fits?: (run: RunModel) => boolean,
    ): Handler =>
    async (line) => {
      const chosen = await chooseRun(hosts, line, { title, ...(fits === undefined ? {} : { fits }) });
      if (chosen === undefined) return;
      try {
        await act(chosen, line);
      } catch (error) {
        if (!(error instanceof Error && error.name === "AbortError")) await tell(error, chosen.entry.name, log);
      }
    };
  return {
    [commands.extendRun]: onRun(vscode.l10n.t("R-Zero: Extend Run"), async (chosen) =>
      (await import("./extendRun.ts")).extendRun(services, chosen),
    ),
    [commands.forkRun]: onRun(vscode.l10n.t("R-Zero: Fork Run"), (chosen, line) =>
      forkRun(services, chosen, line?.place),
    ),
    [commands.deleteRun]: onRun(vscode.l10n.t("R-Zero: Delete Run"), deleteRun, ({ live }) => !live),
    [commands.downloadRun]: onRun(vscode.l10n.t("R-Zero: Download Run"), async (chosen) =>
      (await import("./downloadRun.ts")).downloadRun(services, chosen),
    ),
    [commands.compareRuns]: (line) => {
      // Two boxes that are ticked say which two are meant.
      const [first, second, ...more] = line === undefined ? services.compared.all : [];
      const both = first !== undefined && second !== undefined && more.length === 0 ? { first, second } : null;
      const title = vscode.l10n.t("R-Zero: Compare Configurations");
      if (both === null) return onRun(title, (chosen) => compareRuns(services, configs, chosen, null))(line);
      return compareRuns(services, configs, both.first, both.second);
    },
    [commands.showRunConfig]: onRun(vscode.l10n.t("R-Zero: Show Configuration"), (chosen) =>
      showRunConfig(configs, chosen),
    ),
    [commands.tagRun]: onRun(vscode.l10n.t("R-Zero: Edit Tags"), async (chosen) =>
      (await import("./tags.ts")).tagRun(chosen),
    ),
    [commands.editRunNotes]: onRun(vscode.l10n.t("R-Zero: Edit Notes"), (chosen) => notes.show(chosen)),
    [commands.exportRun]: onRun(vscode.l10n.t("R-Zero: Export Run"), async (chosen, line) =>
      (await import("./exportRun.ts")).exportRun(services, chosen, line?.checkpoint ?? null),
    ),
    [commands.exportReport]: onRun(vscode.l10n.t("R-Zero: Export Report"), async (chosen) =>
      (await import("./exportReport.ts")).exportReport(chosen),
    ),
    [commands.openRunFolder]: onRun(vscode.l10n.t("R-Zero: Open Run Folder"), openRunFolder),
  } satisfies Record<string, Handler>;
}

async function openRunFolder({ entry, run }: ChosenRun): Promise<void> {
  if (entry.id === LOCAL) {
    await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(run.directory));
    return;
  }
  const download = vscode.l10n.t("Download…");
  const message = vscode.l10n.t("This run lies on {0}, in {1}.", entry.name, oneLine(run.directory, 1000));
  if ((await vscode.window.showInformationMessage(message, download)) === download)
    await vscode.commands.executeCommand(commands.downloadRun, { host: entry.id, run: run.id });
}
