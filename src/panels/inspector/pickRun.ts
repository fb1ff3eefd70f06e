import * as vscode from "vscode";
import { chooseRun } from "../../explorer/chooseRun.ts";
import type { Hosts } from "../../hosts/hosts.ts";
import type { RunRef } from "./messages.ts";

export async function pickRun(hosts: Hosts): Promise<RunRef | null> {
  const chosen = await chooseRun(hosts, undefined, { title: vscode.l10n.t("R-Zero: Inspect Questions") });
  return chosen === undefined ? null : { host: chosen.entry.id, run: chosen.run.id };
}
