import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import {
  PICK_QUESTIONS,
  REPORT_QUESTIONS,
  type ReportPick,
  type ReportSelection,
  reportPicks,
} from "../../remote-agent/src/protocol/report.ts";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { persistentRequest } from "../link/persistent.ts";
import { withProgress } from "../withProgress.ts";
import { download } from "./download/download.ts";
import { hostPorts } from "./download/hostPorts.ts";
import { reporter } from "./downloadRun.ts";
import { openReport } from "./openReport.ts";

/** The first time, the index of a large run is built before. */
const REPORT_MS = 3_600_000;
/** Questions of one rule that are offered, and what is chosen at first. */
const COUNTS = [4, 8, 20, 50, 100, PICK_QUESTIONS];
const USUAL = 8;

/** Asks which questions and where to, has the report written on the run's host, fetches it and offers to open it. */
export async function exportReport(chosen: ChosenRun): Promise<void> {
  const title = vscode.l10n.t("R-Zero: report of {0}", chosen.run.id);
  const selection = await chooseQuestions(title);
  if (selection !== undefined) await saveReport(chosen, selection, title, null);
}

/** Asks where to, and the rest. @param listed how many questions a list has of which the selection may have the first only */
export async function saveReport(
  chosen: ChosenRun,
  selection: ReportSelection,
  title: string,
  listed: number | null,
): Promise<void> {
  const { run } = chosen;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${run.id}.html`;
  const target = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { [vscode.l10n.t("HTML files")]: ["html"] },
    title,
  });
  if (target === undefined) return;
  const { questions } = await withProgress(vscode.l10n.t("Writing the report of {0}", run.id), (report, signal) =>
    fetchReport(chosen, selection, target, report, signal),
  );
  const open = vscode.l10n.t("Open");
  const message =
    listed === null
      ? vscode.l10n.t("The report, with {0} questions, is in {1}.", questions, target.fsPath)
      : vscode.l10n.t("The report, with {0} of {1} listed questions, is in {2}.", questions, listed, target.fsPath);
  if ((await vscode.window.showInformationMessage(message, open)) === open) await openReport(target, run.name);
}

async function fetchReport(
  { entry, run }: ChosenRun,
  selection: ReportSelection,
  target: vscode.Uri,
  report: (message: string, share: number | null) => void,
  signal: AbortSignal,
): Promise<{ questions: number }> {
  const onProgress = ({ text, done, total }: { text: string; done: number | null; total: number | null }) =>
    report(text, done === null || total === null || total === 0 ? null : (0.8 * done) / total);
  const params = { run: run.id, command: randomUUID(), selection };
  const made = await persistentRequest(entry.link, "runs/report", params, { limitMs: REPORT_MS, signal, onProgress });
  const temporary = await mkdtemp(path.join(tmpdir(), "rzero-report-"));
  try {
    const place = { target: path.join(temporary, "whole"), aside: path.join(temporary, "part") };
    const ports = hostPorts(entry.link, { run: run.id, checkpoints: "none", export: made.export });
    const onBytes = reporter((message, share) => report(message, share === null ? null : 0.8 + 0.2 * share));
    const source = JSON.stringify([entry.id, run.id, made.export]);
    await download({ ...place, source, beside: {} }, { ...ports, now: Date.now, onProgress: onBytes }, signal);
    const file = vscode.Uri.file(path.join(place.target, path.basename(made.file)));
    await vscode.workspace.fs.writeFile(target, await vscode.workspace.fs.readFile(file));
    return { questions: made.questions };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function chooseQuestions(title: string): Promise<ReportSelection | undefined> {
  const about: Record<ReportPick, { label: string; description: string }> = {
    reviewed: {
      label: vscode.l10n.t("With decisions or notes"),
      description: vscode.l10n.t("what reviewers said something about"),
    },
    kept: { label: vscode.l10n.t("Kept for the curriculum"), description: vscode.l10n.t("the highest shares first") },
    uncertain: { label: vscode.l10n.t("The least certain"), description: vscode.l10n.t("whose answers agreed least") },
    certain: { label: vscode.l10n.t("The most certain"), description: vscode.l10n.t("whose answers agreed most") },
  };
  const rules = reportPicks.map((pick) => ({ ...about[pick], picked: pick !== "certain", pick }));
  const placeHolder = vscode.l10n.t("Which questions the report has; none is a report of figures");
  const chosen = await vscode.window.showQuickPick(rules, { title, placeHolder, canPickMany: true });
  if (chosen === undefined) return undefined;
  if (chosen.length === 0) return { picks: [], ids: [] };
  const most = Math.min(PICK_QUESTIONS, Math.floor(REPORT_QUESTIONS / chosen.length));
  const counts = COUNTS.filter((count) => count <= most).map((count) => ({
    label: String(count),
    description: count === USUAL ? vscode.l10n.t("usual") : "",
    count,
  }));
  const usual = counts.filter(({ count }) => count === USUAL);
  const others = counts.filter(({ count }) => count !== USUAL);
  const many = await vscode.window.showQuickPick([...usual, ...others], {
    title,
    placeHolder: vscode.l10n.t("How many of each, at most"),
  });
  if (many === undefined) return undefined;
  return { picks: chosen.map(({ pick }) => ({ pick, count: many.count })), ids: [] };
}
