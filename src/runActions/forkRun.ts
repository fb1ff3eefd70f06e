import * as vscode from "vscode";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import type { TreeLine } from "../explorer/treeModel.ts";
import { mayContinue } from "../launch/askTrust.ts";
import { forkLine } from "../launch/forkLine.ts";
import { openRunYaml } from "../launch/launchDocument.ts";
import { persistentRequest } from "../link/persistent.ts";
import type { Services } from "../services.ts";
import { boundariesOf, boundaryAt, type ForkBoundary } from "./boundaries.ts";

/** Asks where the fork begins and opens its run.yaml: what is changed there is what it has of its own. */
export async function forkRun(
  services: Services,
  chosen: ChosenRun,
  meant: TreeLine["place"] | undefined,
): Promise<void> {
  const { entry, run } = chosen;
  const boundaries = boundariesOf(run.view.stages);
  if (boundaries.length === 0) {
    await vscode.window.showInformationMessage(
      run.reading === undefined
        ? vscode.l10n.t("{0} has no stage yet that ended: a fork begins at the end of one.", run.id)
        : vscode.l10n.t("The records of {0} are still being read. Try again when its line says how it stands.", run.id),
    );
    return;
  }
  if (!(await mayContinue(services, chosen))) return;
  const known = meant === undefined ? undefined : boundaryAt(boundaries, meant);
  const at = known?.at ?? (await chooseBoundary(run.id, boundaries));
  if (at === undefined) return;
  const { text } = await persistentRequest(entry.link, "runs/config", { run: run.id });
  const heading = [
    forkLine({ host: entry.id, run: run.id, at }),
    `# ${vscode.l10n.t("Change settings below and start it. The seed is a new one unless you change it; model and policy stay.")}`,
  ];
  await openRunYaml(`${run.name}-fork`, `${heading.join("\n")}\n${text}`);
}

async function chooseBoundary(run: string, boundaries: readonly ForkBoundary[]): Promise<string | undefined> {
  const items = boundaries.map(({ at, iteration, stage }) => ({
    label:
      stage === "solver"
        ? vscode.l10n.t("After iteration {0}", iteration)
        : vscode.l10n.t("After the Challenger of iteration {0}", iteration),
    at,
  }));
  const title = vscode.l10n.t("R-Zero: where the fork of {0} begins", run);
  return (await vscode.window.showQuickPick(items, { title }))?.at;
}
