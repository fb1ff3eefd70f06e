import * as vscode from "vscode";
import { treeOf } from "../explorer/tree.ts";
import { LOCAL } from "../hosts/localHost.ts";
import type { Services } from "../services.ts";
import type { OpenNote } from "./openNote.ts";

/** How long a host may take to be connected and to list the run; a first connection brings Node and a Python environment. */
const LIMIT_MS = 30 * 60_000;

/** What is opened of a run, in this order, where it exists: commands that take a line of the explorer. */
const views: readonly string[] = ["rzero.openCharts", "rzero.followLogs"];

/** Brings a run before the person: the explorer with its host connected, its charts, and its log. */
export async function showRun(services: Services, { host, run }: OpenNote): Promise<void> {
  const { hosts } = services;
  const entry = hosts.get(host) ?? (await hosts.add(host === LOCAL ? null : host));
  const { kind } = entry.link.state;
  if (kind === "idle" || kind === "stopped") entry.link.connect();
  await vscode.commands.executeCommand("rzero.runs.focus");
  if (!(await listed(services, { host, run }))) {
    const sentence = vscode.l10n.t(
      "Run {0} did not appear on {1}. The R-Zero log says how the connection stands.",
      run,
      entry.name,
    );
    await vscode.window.showErrorMessage(sentence);
    return;
  }
  const models = hosts.all.map(({ model }) => model);
  const line = treeOf(models, { now: Date.now(), l10n: vscode.l10n })
    .find(({ host: id }) => id === host)
    ?.children?.find((child) => child.run === run);
  const known = new Set(await vscode.commands.getCommands(true));
  for (const view of views) if (known.has(view)) await vscode.commands.executeCommand(view, line);
}

/** Waits until the host lists the run. False: it did not within the limit. */
function listed({ hosts }: Services, { host, run }: OpenNote): Promise<boolean> {
  const there = () => hosts.get(host)?.model.runs?.some(({ id }) => id === run) === true;
  if (there()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (found: boolean) => {
      clearTimeout(limit);
      listening.dispose();
      resolve(found);
    };
    const limit = setTimeout(end, LIMIT_MS, false);
    const listening = hosts.onDidChange(() => {
      if (there()) end(true);
    });
  });
}
