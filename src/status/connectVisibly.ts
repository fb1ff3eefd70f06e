import * as vscode from "vscode";
import { stepName } from "../deploy/stepName.ts";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { Hosts } from "../hosts/hosts.ts";

/** A connection that takes longer is shown with its steps. */
const QUICK_MS = 3000;

/** Connects a host; where that takes long (agent, Node and a Python environment may have to be brought), with progress and a cancel. */
export async function connectVisibly(hosts: Hosts, entry: HostEntry): Promise<void> {
  entry.link.connect();
  if (!(await stillConnecting(hosts, entry, QUICK_MS))) return;
  const title = vscode.l10n.t("Connecting to {0}", entry.name);
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  await vscode.window.withProgress(options, (progress, token) => {
    token.onCancellationRequested(() => entry.link.close());
    const say = () => {
      const { state } = entry.link;
      if (state.kind === "connecting") progress.report({ message: stepName(state.step, vscode.l10n) });
    };
    say();
    const listening = hosts.onDidChange(say);
    return stillConnecting(hosts, entry, null).finally(() => listening.dispose());
  });
}

/** Resolves when it is not connecting any more, or after `limitMs`. @returns whether it still is */
function stillConnecting(hosts: Hosts, entry: HostEntry, limitMs: number | null): Promise<boolean> {
  const connecting = () => entry.link.state.kind === "connecting";
  if (!connecting()) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(limit);
      listening.dispose();
      resolve(connecting());
    };
    // Without a limit of its own it ends with the connection's, which every step has.
    const limit = limitMs === null ? undefined : setTimeout(end, limitMs);
    const listening = hosts.onDidChange(() => {
      if (!connecting()) end();
    });
  });
}
