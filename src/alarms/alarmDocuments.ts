import * as vscode from "vscode";
import type { Hosts } from "../hosts/hosts.ts";
import { detailsText } from "./detailsText.ts";

const SCHEME = "rzero-alarm";

/** Alarms in full, as documents that cannot be edited. */
export function alarmDocuments(hosts: Hosts): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent({ query }) {
      const [host, run, episode] = JSON.parse(query) as [string, string, string];
      const found = hosts.get(host)?.model.runs?.find(({ id }) => id === run);
      const alarm = found?.view.alarms.find((item) => item.episode === episode);
      if (alarm === undefined)
        throw new Error(vscode.l10n.t("The alarm is not known any more: connect the host of {0}.", run));
      return detailsText(run, alarm, vscode.l10n);
    },
  });
}

export async function showDetails(host: string, run: string, alarm: { rule: string; episode: string }): Promise<void> {
  const query = JSON.stringify([host, run, alarm.episode]);
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${alarm.rule} ${run}.md`, query });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
}
