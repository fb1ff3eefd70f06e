import * as vscode from "vscode";
import type { QuestionFilter, QuestionSort } from "../../../remote-agent/src/protocol/questionQuery.ts";
import { REPORT_QUESTIONS, type ReportSelection } from "../../../remote-agent/src/protocol/report.ts";
import type { HostEntry } from "../../hosts/hostEntry.ts";
import { tell } from "../../hosts/tell.ts";
import { AgentError } from "../../link/agentError.ts";
import { runRead } from "../../link/whenRead.ts";
import { withProgress } from "../../withProgress.ts";

const COUNTS = [8, 20, 50, 100, 200, REPORT_QUESTIONS];
const COUNT_MS = 60_000;

/** What a table lists, in its order; `id`: only this question. */
interface Wanted {
  readonly filter: QuestionFilter;
  readonly sort: QuestionSort;
  readonly id: string | null;
}

/**
 * Has a report written of what a table of the inspector lists, or of one question of it. The page may be gone before it is done, so
 * the editor tells what comes of it, errors as well.
 */
export async function reportOfTable(
  entry: HostEntry,
  id: string,
  wanted: Wanted,
  log: vscode.LogOutputChannel,
): Promise<null> {
  try {
    const run = entry.model.runs?.find((known) => known.id === id);
    if (run === undefined) throw new AgentError("gone", vscode.l10n.t("The run is not on {0} any more.", entry.name));
    const title = vscode.l10n.t("R-Zero: report of {0}", run.id);
    const chosen = await selectionOf(entry, run.id, wanted, title);
    if (chosen === undefined) return null;
    const { saveReport } = await import("../../runActions/exportReport.ts");
    await saveReport({ entry, run }, chosen.selection, title, chosen.listed);
  } catch (error) {
    if (!(error instanceof Error && error.name === "AbortError")) await tell(error, entry.name, log);
  }
  return null;
}

async function selectionOf(
  { link }: HostEntry,
  run: string,
  { filter, sort, id }: Wanted,
  title: string,
): Promise<{ selection: ReportSelection; listed: number | null } | undefined> {
  if (id !== null) return { selection: { picks: [], ids: [id] }, listed: null };
  const { total } = await withProgress(vscode.l10n.t("Counting the questions"), async (_, signal) => {
    await runRead(link, run, signal);
    return link.request("runs/questions", { run, query: { filter, limit: 1 } }, { limitMs: COUNT_MS, signal });
  });
  if (total === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t("No question is listed: there is nothing to report."));
    return undefined;
  }
  const count = await chooseCount(total, title);
  return count === undefined
    ? undefined
    : { selection: { picks: [], ids: [], list: { filter, sort, count } }, listed: total };
}

/** How many of those that are listed; a few are taken as they are. */
async function chooseCount(total: number, title: string): Promise<number | undefined> {
  const [fewest = 0] = COUNTS;
  if (total <= fewest) return total;
  const all = total <= REPORT_QUESTIONS ? [{ label: vscode.l10n.t("All {0}", total), count: total }] : [];
  const first = COUNTS.filter((count) => count < total).map((count) => ({
    label: vscode.l10n.t("The first {0}", count),
    count,
  }));
  const placeHolder = vscode.l10n.t("How many of the {0} questions that are listed, in their order", total);
  return (await vscode.window.showQuickPick([...all, ...first], { title, placeHolder }))?.count;
}
