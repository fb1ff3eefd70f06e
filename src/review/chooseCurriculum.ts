import * as vscode from "vscode";
import type { RunView } from "../../remote-agent/src/protocol/runView.ts";
import { chooseRun } from "../explorer/chooseRun.ts";
import type { TreeLine } from "../explorer/treeModel.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { tell } from "../hosts/tell.ts";
import type { Address } from "./curriculumAddress.ts";

/** The curriculum of a line of the explorer; else the person picks a run and an iteration, the one that waits first. */
export async function chooseCurriculum(
  hosts: Hosts,
  line: TreeLine | undefined,
  log: vscode.LogOutputChannel,
): Promise<Extract<Address, { what: "curriculum" }> | undefined> {
  const title = vscode.l10n.t("R-Zero: Review Curriculum");
  const chosen = await chooseRun(hosts, line, { title, fits: ({ view }) => curriculaOf(view).length > 0 });
  if (chosen === undefined) return undefined;
  const { entry, run } = chosen;
  const iterations = curriculaOf(run.view);
  const named = line?.context === "iteration" ? Number(line.id.split("/").at(-1)) : Number.NaN;
  const waiting = run.view.review.waiting?.iteration;
  if (iterations.length === 0) {
    await tell(new Error(vscode.l10n.t("This run has no curriculum yet.")), entry.name, log);
    return undefined;
  }
  const items = iterations
    .map((iteration) => ({
      label: vscode.l10n.t("Iteration {0}", iteration),
      description: iteration === waiting ? vscode.l10n.t("waits for review") : "",
      iteration,
    }))
    .sort((a, b) => Number(b.iteration === waiting) - Number(a.iteration === waiting) || b.iteration - a.iteration);
  const picked = iterations.includes(named)
    ? { iteration: named }
    : items.length === 1
      ? items[0]
      : await vscode.window.showQuickPick(items, { title });
  if (picked === undefined) return undefined;
  return { what: "curriculum", host: entry.id, run: run.id, iteration: picked.iteration };
}

/** Iterations whose curriculum is there, or is being made. */
function curriculaOf({ stages }: RunView): number[] {
  return [...new Set(stages.filter(({ stage }) => stage === "curriculum").map(({ iteration }) => iteration))];
}
