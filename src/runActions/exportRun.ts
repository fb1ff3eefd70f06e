import { randomUUID } from "node:crypto";
import path from "node:path";
import * as vscode from "vscode";
import { exportTables } from "../../remote-agent/src/protocol/runActions.ts";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { LOCAL } from "../hosts/localHost.ts";
import { bytesText } from "../launch/amounts.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { withProgress } from "../withProgress.ts";
import { download } from "./download/download.ts";
import { hostPorts } from "./download/hostPorts.ts";
import { reporter } from "./downloadRun.ts";

/** Merging reads and writes a whole base model. */
const EXPORT_MS = 4 * 3_600_000;

/** Asks what and how, has it written on the host, says where, and offers to fetch it. */
export async function exportRun(
  { log }: Services,
  { entry, run }: ChosenRun,
  checkpoint: string | null,
): Promise<void> {
  const wanted = checkpoint === null ? await chooseExport(run.id) : await chooseModel(run.id, checkpoint);
  if (wanted === undefined) return;
  const made = await withProgress(vscode.l10n.t("Exporting {0} on {1}", run.id, entry.name), (report, signal) =>
    entry.link.request(
      "runs/export",
      { run: run.id, command: randomUUID(), ...wanted },
      { limitMs: EXPORT_MS, signal, onProgress: ({ text }) => report(text, null) },
    ),
  );
  if (made.unreadable.count > 0)
    log.warn(`${run.id}: ${made.unreadable.count} texts are null: ${made.unreadable.first}`);
  const counts = [...Object.entries(made.rows).map(([table, rows]) => `${rows} ${table}`), ...made.models].join(", ");
  const exported = vscode.l10n.t(
    "Exported to {0} on {1} ({2}): {3}",
    oneLine(made.directory, 1000),
    entry.name,
    bytesText(made.bytes),
    counts,
  );
  const empty = Object.keys(made.rows).filter((table) => made.rows[table] === 0);
  const message =
    empty.length === 0
      ? exported
      : vscode.l10n.t("{0}. `datasets` does not find tables without rows: {1}", exported, empty.join(", "));
  const isHere = entry.id === LOCAL;
  const action = isHere ? vscode.l10n.t("Open Folder") : vscode.l10n.t("Download…");
  const copy = vscode.l10n.t("Copy Path");
  const chosen = await vscode.window.showInformationMessage(message, action, copy);
  if (chosen === copy) await vscode.env.clipboard.writeText(made.directory);
  if (chosen !== action) return;
  if (isHere) await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(made.directory));
  else await fetchExport({ entry, run }, made.export);
}

async function fetchExport({ entry, run }: ChosenRun, name: string): Promise<void> {
  const folders = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    openLabel: vscode.l10n.t("Save Here"),
  });
  const folder = folders?.[0]?.fsPath;
  if (folder === undefined) return;
  const target = path.join(folder, `${run.id}-${name}`);
  const what = {
    target,
    aside: path.join(folder, `.download-${run.id}-${name}`),
    source: JSON.stringify([entry.id, run.id, name]),
    beside: {},
  };
  const ports = hostPorts(entry.link, { run: run.id, checkpoints: "all", export: name });
  await withProgress(vscode.l10n.t("Downloading the export of {0}", run.id), (report, signal) =>
    download(what, { ...ports, now: Date.now, onProgress: reporter(report) }, signal),
  );
  await vscode.window.showInformationMessage(vscode.l10n.t("The export is in {0}.", target));
}

interface Wanted {
  format: "jsonl" | "parquet";
  what: (typeof exportTables)[number][];
  checkpoint: string | null;
  merge: boolean;
}

async function chooseExport(run: string): Promise<Wanted | undefined> {
  const title = vscode.l10n.t("R-Zero: export {0}", run);
  const about: Record<(typeof exportTables)[number], string> = {
    questions: vscode.l10n.t("questions with their labels and shares"),
    answers: vscode.l10n.t("every completion with its text and reward"),
    examples: vscode.l10n.t("what was trained on, with advantages"),
    metrics: vscode.l10n.t("figures by step"),
    checkpoints: vscode.l10n.t("which checkpoints there were"),
  };
  const tables = exportTables.map((table) => ({
    label: table,
    description: about[table],
    picked: table !== "answers",
    table,
    model: false,
  }));
  const model = {
    label: vscode.l10n.t("model folders"),
    description: vscode.l10n.t("the newest weights of each role, as Hugging Face folders"),
    picked: false,
    table: null,
    model: true,
  };
  const chosen = await vscode.window.showQuickPick([...tables, model], { title, canPickMany: true });
  if (chosen === undefined || chosen.length === 0) return undefined;
  const what = chosen.flatMap(({ table }) => (table === null ? [] : [table]));
  const formats = [
    {
      label: "Parquet",
      description: vscode.l10n.t("small; loads with datasets and pandas"),
      format: "parquet" as const,
    },
    { label: "JSON Lines", description: vscode.l10n.t("to read and to grep"), format: "jsonl" as const },
  ];
  const format = what.length === 0 ? formats[0] : await vscode.window.showQuickPick(formats, { title });
  if (format === undefined) return undefined;
  const withModels = chosen.some((item) => item.model);
  const merge = withModels ? await chooseMerge(title) : false;
  return merge === undefined
    ? undefined
    : { format: format.format, what, checkpoint: withModels ? "last" : null, merge };
}

/** The weights of one checkpoint, without tables. */
async function chooseModel(run: string, checkpoint: string): Promise<Wanted | undefined> {
  const merge = await chooseMerge(vscode.l10n.t("R-Zero: export {0} of {1}", checkpoint, run));
  return merge === undefined ? undefined : { format: "jsonl", what: [], checkpoint, merge };
}

async function chooseMerge(title: string): Promise<boolean | undefined> {
  const merges = [
    { label: vscode.l10n.t("As they are"), description: vscode.l10n.t("adapters stay adapters"), merge: false },
    {
      label: vscode.l10n.t("Merged"),
      description: vscode.l10n.t("adapters in their base model: takes its size"),
      merge: true,
    },
  ];
  return (await vscode.window.showQuickPick(merges, { title }))?.merge;
}
