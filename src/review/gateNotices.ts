import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import { commands } from "../ids.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { uriOf } from "./curriculumDocuments.ts";

const TOLD_KEY = "rzero.review.told";
const REMEMBERED = 100;

/** Tells once when a run has come to a review gate, over windows and reloads. */
export function watchGates(services: Services): vscode.Disposable {
  const { hosts, context, log } = services;
  const told = new Set(context.globalState.get<string[]>(TOLD_KEY, []));
  const look = () => {
    for (const entry of hosts.all) {
      for (const run of entry.model.runs ?? []) {
        const { waiting } = run.view.review;
        if (waiting === null || run.view.state !== "paused") continue;
        const key = `${entry.id}/${run.id}/${waiting.gate}`;
        if (told.has(key)) continue;
        told.add(key);
        context.globalState.update(TOLD_KEY, [...told].slice(-REMEMBERED)).then(undefined, (error: unknown) => {
          log.warn(`What was told cannot be remembered: ${error}`);
        });
        void tellWaiting(services, entry, run, waiting.iteration);
      }
    }
  };
  look();
  return hosts.onDidChange(look);
}

async function tellWaiting(_services: Services, entry: HostEntry, run: RunModel, iteration: number): Promise<void> {
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
