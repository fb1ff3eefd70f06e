import * as vscode from "vscode";
import { removeAgent } from "../deploy/removeAgent.ts";
import type { Handler, Services } from "../services.ts";
import { transportTo } from "./attach.ts";
import type { HostEntry } from "./hostEntry.ts";
import { settingsOf } from "./hostSettings.ts";
import { LOCAL } from "./localHost.ts";
import { tell } from "./tell.ts";

/** `R-Zero: Remove Agent from Host`: says what goes and what stays, asks, and removes it. */
export function removeAgentCommand({ hosts, context, log }: Services): Handler {
  return async (line) => {
    const entry = line === undefined ? await pickEntry(hosts.all) : hosts.get(line.host);
    if (entry === undefined) return;
    try {
      const { root } = settingsOf(vscode.workspace.getConfiguration("rzero").get("hosts"), entry.id);
      const runs = await confirmed(entry, root);
      if (runs === null) return;
      await entry.link.close(); // its program runs from what is removed
      const title = vscode.l10n.t("Removing R-Zero from {0}", entry.name);
      const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
      const removal = await vscode.window.withProgress(options, async (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        const transport = await transportTo(entry, { context, log, signal: abort.signal });
        try {
          return await removeAgent(transport, { root, runs }, abort.signal);
        } finally {
          await transport.close();
        }
      });
      log.info(`${entry.name}: removal: ${JSON.stringify(removal)}`);
      if (removal.kind === "alive") {
        await vscode.window.showErrorMessage(
          vscode.l10n.t(
            "Nothing was removed from {0}: {1} is at work there. Stop it first.",
            entry.name,
            removal.runs.join(", "),
          ),
        );
        return;
      }
      await vscode.window.showInformationMessage(
        removal.kind === "gone"
          ? vscode.l10n.t("Nothing of R-Zero is left in {0} on {1}.", root, entry.name)
          : vscode.l10n.t(
              "R-Zero was removed from {0}. In {1} stayed: {2}.",
              entry.name,
              root,
              removal.names.join(", "),
            ),
      );
    } catch (error) {
      await tell(error, entry.name, log);
    }
  };
}

/** @returns whether the runs go as well; null: nothing is to be removed */
async function confirmed(entry: HostEntry, root: string): Promise<boolean | null> {
  const count = entry.model.runs?.length ?? null;
  const detail = [
    vscode.l10n.t("In {0}: the agent, its Node, environments and caches go.", root),
    entry.id === LOCAL
      ? vscode.l10n.t("Environments in this machine's own cache folder stay: the command line uses them, too.")
      : vscode.l10n.t("The next connection would bring them again."),
    count === null
      ? vscode.l10n.t("Runs stay, unless you choose to remove them for good.")
      : vscode.l10n.t(
          "{0} runs stay, with what they need to be resumed, unless you choose to remove them for good.",
          count,
        ),
    vscode.l10n.t("It is refused while a run is at work."),
  ].join("\n\n");
  const agent = vscode.l10n.t("Remove Agent");
  const both = vscode.l10n.t("Remove Agent and All Runs");
  const message = vscode.l10n.t("Remove R-Zero from {0}?", entry.name);
  const answer = await vscode.window.showWarningMessage(message, { modal: true, detail }, agent, both);
  return answer === undefined ? null : answer === both;
}

async function pickEntry(all: readonly HostEntry[]): Promise<HostEntry | undefined> {
  const title = vscode.l10n.t("R-Zero: Remove Agent from Host");
  const items = all.map((entry) => ({ label: entry.name, entry }));
  if (items.length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t("There is no host in the R-Zero view."));
    return undefined;
  }
  return (await vscode.window.showQuickPick(items, { title }))?.entry;
}
