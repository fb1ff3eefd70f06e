import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { DownloadNote } from "../../remote-agent/src/protocol/runActions.ts";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { LOCAL } from "../hosts/localHost.ts";
import { bytesText } from "../launch/amounts.ts";
import { author } from "../launch/author.ts";
import { persistentRequest } from "../link/persistent.ts";
import type { Services } from "../services.ts";
import { withProgress } from "../withProgress.ts";
import { download } from "./download/download.ts";
import { hostPorts } from "./download/hostPorts.ts";
import { localRuns } from "./localPlace.ts";

/** Brings a whole run to this machine, where it is then a run like any other. One that ended early goes on. */
export async function downloadRun({ hosts }: Services, { entry, run }: ChosenRun): Promise<void> {
  if (entry.id === LOCAL) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t("{0} is on this machine already, in {1}.", run.id, run.directory),
    );
    return;
  }
  if (process.platform === "win32") {
    await vscode.window.showInformationMessage(
      vscode.l10n.t("On Windows runs of this machine live in WSL: open a WSL window and download there."),
    );
    return;
  }
  const runs = localRuns();
  const target = path.join(runs, run.id);
  if (
    await stat(target).then(
      () => true,
      () => false,
    )
  ) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t("{0} is on this machine already, in {1}: delete it there to download it anew.", run.id, target),
    );
    return;
  }
  const checkpoints = await chooseCheckpoints({ entry, run });
  if (checkpoints === undefined) return;
  await mkdir(runs, { recursive: true, mode: 0o700 });
  const note: DownloadNote = { from: entry.name, at: new Date().toISOString(), by: author(), checkpoints };
  const what = {
    target,
    aside: path.join(runs, `.download-${run.id}`),
    source: JSON.stringify([entry.id, run.id, run.createdAt, checkpoints]),
    beside: { "downloaded.json": `${JSON.stringify(note)}\n` },
  };
  const ports = hostPorts(entry.link, { run: run.id, checkpoints });
  await withProgress(vscode.l10n.t("Downloading {0} from {1}", run.id, entry.name), (report, signal) =>
    download(what, { ...ports, now: Date.now, onProgress: reporter(report) }, signal),
  );
  const local = await hosts.add(null);
  local.link.connect();
  await local.refresh();
  hosts.reveal(LOCAL, run.id);
  const open = vscode.l10n.t("Open Folder");
  const done = vscode.l10n.t("{0} is on this machine now, in {1}.", run.id, target);
  if ((await vscode.window.showInformationMessage(done, open)) === open)
    await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(target));
}

/** Progress of a download in words, a few times a second at most. */
export function reporter(report: (message: string, share: number | null) => void) {
  let shown = 0;
  return (done: number, total: number): void => {
    const now = Date.now();
    if (now - shown < 200 && done < total) return;
    shown = now;
    report(vscode.l10n.t("{0} of {1}", bytesText(done), bytesText(total)), total === 0 ? 1 : done / total);
  };
}

async function chooseCheckpoints({ entry, run }: ChosenRun): Promise<"all" | "none" | undefined> {
  const { files, live } = await persistentRequest(entry.link, "runs/files", { run: run.id }, { limitMs: 120_000 });
  const size = (which: (path: string) => boolean) =>
    bytesText(files.filter((file) => which(file.path)).reduce((sum, file) => sum + file.bytes, 0));
  const without = size((name) => !name.startsWith("checkpoints/"));
  const items = [
    {
      label: vscode.l10n.t("Without checkpoints"),
      description: without,
      detail: vscode.l10n.t("To look at: questions, answers, figures and logs"),
      checkpoints: "none" as const,
    },
    {
      label: vscode.l10n.t("With checkpoints"),
      description: size(() => true),
      detail: vscode.l10n.t("Its weights as well, to fork or serve it here"),
      checkpoints: "all" as const,
    },
  ];
  const title = vscode.l10n.t("R-Zero: download {0}", run.id);
  const placeHolder = live ? vscode.l10n.t("The run is at work: you get it as it is now") : "";
  return (await vscode.window.showQuickPick(items, { title, placeHolder }))?.checkpoints;
}
