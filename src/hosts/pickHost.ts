import { homedir } from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { hostNames } from "./hostNames.ts";

/** A host the person chose: `null` is this machine. */
export type ChosenHost = { readonly alias: string | null };

/** Lets the person choose this machine, a host of their SSH configuration, or type one. Undefined: they did not. */
export async function pickHost(title: string): Promise<ChosenHost | undefined> {
  const home = homedir();
  const configFile = path.join(home, ".ssh", "config");
  const names = await hostNames(configFile, home);
  const another = { label: vscode.l10n.t("Another host…"), alwaysShow: true, alias: undefined };
  const items = [
    { label: vscode.l10n.t("This machine"), description: vscode.env.remoteName ?? "", alias: null },
    ...names.map((alias) => ({ label: alias, alias })),
    another,
  ];
  const placeHolder =
    names.length > 0 ? vscode.l10n.t("Hosts of {0}", configFile) : vscode.l10n.t("No hosts are in {0}", configFile);
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder });
  if (chosen === undefined) return undefined;
  if (chosen.alias !== undefined) return { alias: chosen.alias };
  const typed = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("A name of your SSH configuration, or user@host"),
    validateInput: (value) => (/^[^\s-]\S*$/.test(value) ? null : vscode.l10n.t("A host's name has no spaces.")),
  });
  return typed === undefined ? undefined : { alias: typed };
}
