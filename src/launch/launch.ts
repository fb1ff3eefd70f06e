import * as vscode from "vscode";
import { commands } from "../ids.ts";
import type { Handler, Services } from "../services.ts";
import { pickListedHost } from "./connectedHost.ts";
import { HostProblems } from "./hostProblems.ts";
import { DocumentHosts } from "./launchDocument.ts";
import { provideStartLens } from "./startLens.ts";
import type { Starter } from "./startThisRun.ts";

/** Launching runs: `R-Zero: Launch Run`, `R-Zero: Start This Run`, and what stands above a run.yaml. */
export function launchCommands(services: Services) {
  const documents = new DocumentHosts(services.context.workspaceState);
  const problems = new HostProblems();
  let starting: Promise<Starter> | undefined;
  const starter = () => {
    starting ??= import("./startThisRun.ts").then((module) => new module.Starter(services, documents, problems));
    return starting;
  };
  services.context.subscriptions.push(problems, provideStartLens(services, documents));
  return {
    [commands.launchRun]: async (line) => (await import("./launchRun.ts")).launchRun(services, documents, line),
    [commands.startThisRun]: async (target?: unknown) => (await starter()).start(target),
    [commands.chooseLaunchHost]: async (target?: unknown) => {
      const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
      if (uri === undefined) return;
      const entry = await pickListedHost(services, vscode.l10n.t("R-Zero: where to start this run"));
      if (entry !== undefined) await documents.set(uri, entry.id);
    },
  } satisfies Record<string, Handler>;
}
