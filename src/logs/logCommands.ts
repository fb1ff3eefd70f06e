import * as vscode from "vscode";
import { chooseRun } from "../explorer/chooseRun.ts";
import { commands } from "../ids.ts";
import { oneLine } from "../oneLine.ts";
import type { Handler, Services } from "../services.ts";
import { FullLogDocuments } from "./fullLogDocument.ts";
import { TELEMETRY } from "./logSession.ts";
import { LogTerminal } from "./logTerminal.ts";

/** `R-Zero: Follow Logs` and `R-Zero: Open Full Log`. */
export function logCommands({ context, hosts }: Services) {
  const documents = new FullLogDocuments(hosts);
  const open = new Map<string, { terminal: vscode.Terminal; logs: LogTerminal }>();
  context.subscriptions.push(
    documents,
    hosts.onDidChange(() => {
      for (const { logs } of open.values()) logs.hostsChanged();
    }),
  );
  return {
    [commands.followLogs]: async (line) => {
      const chosen = await chooseRun(hosts, line, { title: vscode.l10n.t("R-Zero: Follow Logs") });
      if (chosen === undefined) return;
      const { entry, run } = chosen;
      const key = `${entry.id}/${run.id}`;
      const known = open.get(key);
      if (known !== undefined) return known.terminal.show();
      entry.link.connect(); // nothing where it is connected
      const logs = new LogTerminal(entry, run.id, null, {
        choose: chooseSources,
        openFull: () => documents.show({ host: entry.id, run: run.id }),
      });
      const terminal = vscode.window.createTerminal({
        name: vscode.l10n.t("Logs: {0}", oneLine(run.name)),
        iconPath: new vscode.ThemeIcon("output"),
        pty: logs,
      });
      open.set(key, { terminal, logs });
      logs.onDidEnd(() => open.delete(key));
      terminal.show();
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
