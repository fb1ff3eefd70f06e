import * as vscode from "vscode";
import type { Hosts } from "../hosts/hosts.ts";
import { statusText } from "./statusText.ts";

/** Changes are gathered for so long; ages are told anew every ten seconds. */
const GATHER_MS = 500;
const AGEING_MS = 10_000;

/** The item of the status bar: runs at work and links; a click shows the explorer. It is written only when its text changes. */
export function showStatusBar(hosts: Hosts): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("rzero.status", vscode.StatusBarAlignment.Left, 10);
  item.name = vscode.l10n.t("R-Zero runs");
  item.command = "rzero.runs.focus";
  let shown = "";
  let due: NodeJS.Timeout | undefined;
  const draw = () => {
    clearTimeout(due);
    due = setTimeout(draw, AGEING_MS);
    const models = hosts.all.map(({ model }) => model);
    const status = statusText(models, Date.now(), vscode.l10n);
    const now = JSON.stringify(status);
    if (now === shown) return;
    shown = now;
    if (status === null) return item.hide();
    item.text = status.text;
    item.tooltip = status.tooltip.join("\n");
    item.accessibilityInformation = { label: status.text.replace(/^\$\([a-z-]+\) /, "") };
    item.backgroundColor = status.warns ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    item.show();
  };
  let gathering = false;
  const changed = () => {
    if (gathering) return;
    gathering = true;
    setTimeout(() => {
      gathering = false;
      draw();
    }, GATHER_MS);
  };
  draw();
  return vscode.Disposable.from(item, hosts.onDidChange(changed), { dispose: () => clearTimeout(due) });
}
