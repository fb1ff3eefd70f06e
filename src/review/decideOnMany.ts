import * as vscode from "vscode";
import { tell } from "../hosts/tell.ts";
import type { Services } from "../services.ts";
import { withProgress } from "../withProgress.ts";
import { type Bulk, bulkFilter, chosen, shareOf } from "./bulk.ts";
import { addressOf } from "./curriculumAddress.ts";
import type { CurriculumDocuments } from "./curriculumDocuments.ts";
import { readWholeRows } from "./curriculumSession.ts";
import { verdictOnAll } from "./verdictOnAll.ts";

const MOST = 1_000_000;

/** One verdict for many questions of a curriculum, after a confirmation that says how many. What somebody decided stays. */
export async function decideOnMany(
  { log, decisions: made }: Services,
  documents: CurriculumDocuments,
  arg: unknown,
): Promise<void> {
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
    const tasks = await withProgress(vscode.l10n.t("Reading the curriculum"), async (_, signal) => {
      return chosen(bulk, await readWholeRows(entry.link, run, bulkFilter(bulk, iteration), MOST, signal));
    });
    await verdictOnAll({ link: entry.link, run }, bulk.verdict, tasks, (decisions) =>
      made.tell({ host: entry.id, run, decisions }),
    );
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
