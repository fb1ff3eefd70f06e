import * as vscode from "vscode";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import type { Handler, Services } from "../services.ts";
import { setHubToken } from "./hubToken.ts";

/** Bringing weights to hosts. */
export function weightsCommands(services: Services) {
  const { hosts, context, log } = services;
  return {
    [commands.uploadModel]: async (line) => {
      const title = vscode.l10n.t("R-Zero: Upload Model to Host");
      const items = hosts.all.map((entry) => ({ label: entry.name, entry }));
      const entry =
        (line === undefined ? undefined : hosts.get(line.host)) ??
        (await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t("To which host?") }))?.entry;
      if (entry === undefined) {
        if (items.length === 0)
          await vscode.window.showInformationMessage(vscode.l10n.t("Add a host first, with R-Zero: Add Host."));
        return;
      }
      try {
        const { chooseAndUpload } = await import("./uploadCommand.ts");
        const folder = await chooseAndUpload(services, entry);
        if (folder === undefined) return;
        const copy = vscode.l10n.t("Copy “model:” Line");
        const message = vscode.l10n.t("The model is at {0} on {1}.", folder, entry.name);
        if ((await vscode.window.showInformationMessage(message, copy)) === copy)
          await vscode.env.clipboard.writeText(`model: ${JSON.stringify(folder)}\n`);
      } catch (error) {
        await tell(error, entry.name, log);
      }
    },
    [commands.setHubToken]: async () => {
      await setHubToken(context.secrets);
    },
  } satisfies Record<string, Handler>;
}
