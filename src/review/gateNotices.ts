import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import { commands } from "../ids.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { toldOnce } from "../status/windowsTell.ts";
import { uriOf } from "./curriculumDocuments.ts";

/** Tells once when a run has come to a review gate, over windows and reloads. */
export function watchGates(services: Services): vscode.Disposable {
  const { hosts, log } = services;
  const once = toldOnce(services);
  const seen = new Set<string>();
  const look = () => {
    for (const entry of hosts.all) {
      for (const run of entry.model.runs ?? []) {
        const { waiting } = run.view.review;
        if (waiting === null || run.view.state !== "paused") continue;
        const key = `${entry.id}/${run.id}/${waiting.gate}`;
        if (seen.has(key)) continue;
        seen.add(key);
        once
          .claim(`gate/${key}`)
          .then((isOurs) => (isOurs ? tellWaiting(entry, run, waiting.iteration) : undefined))
          .catch((error: unknown) => log.error(`A review could not be told of: ${error}`));
      }
    }
  };
  look();
  return hosts.onDidChange(look);
}

async function tellWaiting(entry: HostEntry, run: RunModel, iteration: number): Promise<void> {
  const review = vscode.l10n.t("Review Curriculum");
  const release = vscode.l10n.t("Release…");
  const message = vscode.l10n.t("{0} waits for the review of iteration {1}.", oneLine(run.name), iteration);
  const answer = await vscode.window.showInformationMessage(message, review, release);
  if (answer === review) {
    const uri = uriOf({ what: "curriculum", host: entry.id, run: run.id, iteration });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  } else if (answer === release) {
    await vscode.commands.executeCommand(commands.releaseGate, { host: entry.id, run: run.id });
  }
}
