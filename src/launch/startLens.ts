import * as vscode from "vscode";
import { commands } from "../ids.ts";
import { runYamlDocuments } from "../runYaml/runYaml.ts";
import type { Services } from "../services.ts";
import { forkPlaceOf } from "./forkLine.ts";
import type { DocumentHosts } from "./launchDocument.ts";

/** Above a run.yaml: start it, and where. */
export function provideStartLens({ hosts }: Services, documents: DocumentHosts): vscode.Disposable {
  return vscode.languages.registerCodeLensProvider(runYamlDocuments, {
    onDidChangeCodeLenses: documents.onDidChange,
    provideCodeLenses: (document) => {
      if (isResolved(document.getText())) return [];
      const fork = forkPlaceOf(document.getText());
      const id = fork !== null && fork !== "malformed" ? fork.host : documents.get(document.uri);
      const host = id === undefined ? undefined : hosts.get(id);
      const first = new vscode.Range(0, 0, 0, 0);
      const start = {
        title: host === undefined ? vscode.l10n.t("$(play) Start…") : vscode.l10n.t("$(play) Start on {0}", host.name),
        command: commands.startThisRun,
        arguments: [document.uri],
      };
      const change = {
        title: vscode.l10n.t("Another Host…"),
        command: commands.chooseLaunchHost,
        arguments: [document.uri],
      };
      return [new vscode.CodeLens(first, start), ...(fork === null ? [new vscode.CodeLens(first, change)] : [])];
    },
  });
}

/** The run.yaml of a run's directory: it was started already. */
function isResolved(text: string): boolean {
  return /^identity:/m.test(text) && /^config:/m.test(text);
}
