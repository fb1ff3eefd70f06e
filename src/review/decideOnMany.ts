import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { tell } from "../hosts/tell.ts";
import type { Services } from "../services.ts";
import { type Bulk, bulkFilter, chosen, commandsOf, shareOf } from "./bulk.ts";
import { addressOf } from "./curriculumAddress.ts";
import type { CurriculumDocuments } from "./curriculumDocuments.ts";
import { readRows } from "./curriculumSession.ts";

const MOST = 1_000_000;

/** One verdict for many questions of a curriculum, after a confirmation that says how many. What somebody decided stays. */
export async function decideOnMany({ log }: Services, documents: CurriculumDocuments, arg: unknown): Promise<void> {
  const uri = typeof arg === "string" ? vscode.Uri.parse(arg, true) : vscode.window.activeTextEditor?.document.uri;
  const address = uri === undefined ? null : addressOf(uri.query);
  const entry = address === null ? undefined : documents.entryOf(address);
  if (address === null || address.what !== "curriculum" || entry === undefined) {
    await vscode.window.showInformationMessage(vscode.l10n.t("Open a curriculum first: R-Zero: Review Curriculum."));
    return;
  }
  const bulk = await pickBulk();
  if (bulk === undefined) return;
  const { run, iteration } = address;
  try {
    const tasks = await withProgress(vscode.l10n.t("Reading the curriculum"), async (signal) => {
      const { rows } = await readRows(entry.link, run, bulkFilter(bulk, iteration), MOST, signal);
      return chosen(bulk, rows);
    });
    if (tasks.length === 0) {
      await vscode.window.showInformationMessage(vscode.l10n.t("There is no undecided question of this kind."));
      return;
    }
    const yes = bulk.verdict === "approve" ? vscode.l10n.t("Approve") : vscode.l10n.t("Reject");
    const asked =
      bulk.verdict === "approve"
        ? vscode.l10n.t("Approve {0} questions?", tasks.length)
        : vscode.l10n.t("Reject {0} questions?", tasks.length);
    const detail = vscode.l10n.t("What somebody has decided on stays. Each can be undone.");
    if ((await vscode.window.showWarningMessage(asked, { modal: true, detail }, yes)) !== yes) return;
    await withProgress(vscode.l10n.t("Recording decisions"), async (signal, report) => {
      const batches = commandsOf(bulk.verdict, tasks);
      for (const changes of batches) {
        if (signal.aborted) return; // what is recorded stays
        const params = { run, command: randomUUID(), by: "vscode", changes };
        const { decisions } = await entry.link.request("runs/decide", params, { limitMs: 120_000 });
        documents.apply(entry.id, run, decisions);
        report(100 / batches.length);
      }
    });
  } catch (error) {
    await tell(error, entry.name, log);
  }
}

async function pickBulk(): Promise<Bulk | undefined> {
  const title = vscode.l10n.t("R-Zero: Decide on Many Questions");
  const items: { label: string; bulk: Bulk | "below" | "atLeast" }[] = [
    { label: vscode.l10n.t("Reject all duplicates"), bulk: { kind: "duplicates", verdict: "reject" } },
    { label: vscode.l10n.t("Reject all with a share below…"), bulk: "below" },
    {
      label: vscode.l10n.t("Reject all whose label is known to be wrong"),
      bulk: { kind: "wrongLabels", verdict: "reject" },
    },
    { label: vscode.l10n.t("Approve all with a share of at least…"), bulk: "atLeast" },
    { label: vscode.l10n.t("Approve all that nobody decided on"), bulk: { kind: "undecided", verdict: "approve" } },
    { label: vscode.l10n.t("Reject all that nobody decided on"), bulk: { kind: "undecided", verdict: "reject" } },
  ];
  const picked = (await vscode.window.showQuickPick(items, { title }))?.bulk;
  if (picked === undefined || typeof picked !== "string") return picked;
  const typed = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("The share of answers that agree with the label, such as 0.4 or 40 %"),
    validateInput: (text) =>
      shareOf(text) === undefined ? vscode.l10n.t("A number from 0 to 1, or a percentage.") : undefined,
  });
  const share = typed === undefined ? undefined : shareOf(typed);
  if (share === undefined) return undefined;
  if (picked === "below") return { kind: "share", verdict: "reject", below: share };
  return { kind: "share", verdict: "approve", atLeast: share };
}

function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (increment: number) => void) => Promise<T>,
): Thenable<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    return work(abort.signal, (increment) => progress.report({ increment }));
  });
}
