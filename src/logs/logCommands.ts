import * as vscode from "vscode";
import { chooseRun } from "../explorer/chooseRun.ts";
import { commands } from "../ids.ts";
import type { Handler, Services } from "../services.ts";
import { FullLogDocuments } from "./fullLogDocument.ts";
import { TELEMETRY } from "./logSession.ts";
import { OpenLogs } from "./openLogs.ts";

/** `R-Zero: Follow Logs` and `R-Zero: Open Full Log`. */
export function logCommands({ context, hosts }: Services) {
  const documents = new FullLogDocuments(hosts);
  const open = new OpenLogs(hosts, context.workspaceState, (host, run) => ({
    choose: chooseSources,
    openFull: () => documents.show({ host, run }),
  }));
  context.subscriptions.push(documents, open);
  open.restore();
  return {
    [commands.followLogs]: async (line) => {
      const chosen = await chooseRun(hosts, line, { title: vscode.l10n.t("R-Zero: Follow Logs") });
      if (chosen === undefined) return;
      chosen.entry.link.connect(); // nothing where it is connected
      open.show(chosen.entry, chosen.run.id, chosen.run.name);
    },
    [commands.openFullLog]: async (line) => {
      const chosen = await chooseRun(hosts, line, { title: vscode.l10n.t("R-Zero: Open Full Log") });
      if (chosen !== undefined) await documents.show({ host: chosen.entry.id, run: chosen.run.id });
    },
  } satisfies Record<string, Handler>;
}

/** What a run writes, for the person to choose from. @returns null: all; undefined: nothing was chosen */
async function chooseSources(now: readonly string[] | null): Promise<readonly string[] | null | undefined> {
  const known = [
    { source: "agent", description: vscode.l10n.t("the loop: stages, calls, checkpoints") },
    { source: "engine", description: vscode.l10n.t("the models: loading, sampling, training") },
    { source: TELEMETRY, description: vscode.l10n.t("GPUs, processor and memory, a line a minute") },
  ];
  const items = known.map(({ source, description }) => ({
    label: source,
    description,
    picked: now?.includes(source) ?? true,
  }));
  const title = vscode.l10n.t("R-Zero: which logs to follow");
  const chosen = await vscode.window.showQuickPick(items, { title, canPickMany: true });
  if (chosen === undefined || chosen.length === 0) return undefined;
  return chosen.length === items.length ? null : chosen.map(({ label }) => label);
}
