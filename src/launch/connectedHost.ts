import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { AgentError } from "../link/agentError.ts";
import type { LinkState } from "../link/linkState.ts";
import type { Services } from "../services.ts";
import { connectVisibly } from "../status/connectVisibly.ts";

/** A host of the list, or one that is added now. Undefined: the person chose none. */
export async function pickListedHost({ hosts }: Services, title: string): Promise<HostEntry | undefined> {
  const another = { label: vscode.l10n.t("Another host…"), alwaysShow: true, description: "", entry: null };
  const listed = hosts.all.map((entry) => ({ label: entry.name, description: stateText(entry), entry }));
  if (listed.length > 0) {
    const chosen = await vscode.window.showQuickPick([...listed, another], { title });
    if (chosen === undefined) return undefined;
    if (chosen.entry !== null) return chosen.entry;
  }
  const { pickHost } = await import("../hosts/pickHost.ts");
  const host = await pickHost(title);
  return host === undefined ? undefined : hosts.add(host.alias);
}

/** Connects a host that is not; what takes long is shown and can be cancelled. @throws AgentError */
export async function connected({ hosts }: Services, entry: HostEntry): Promise<void> {
  const before = entry.link.state;
  if (before.kind === "connected") return;
  await connectVisibly(hosts, entry);
  const state: LinkState = entry.link.state;
  if (state.kind === "connected") return;
  if (state.kind === "idle") throw new AgentError("cancelled", vscode.l10n.t("Cancelled."));
  const why = state.kind === "connecting" ? "" : state.why;
  throw new AgentError("gone", vscode.l10n.t("{0} is not connected. {1}", entry.name, why));
}

function stateText(entry: HostEntry): string {
  return entry.link.state.kind === "connected" ? vscode.l10n.t("connected") : vscode.l10n.t("not connected");
}
