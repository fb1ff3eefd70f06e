import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import { mayContinue } from "../launch/askTrust.ts";
import { oneLine } from "../oneLine.ts";
import type { Handler, Services } from "../services.ts";
import { connectVisibly } from "../status/connectVisibly.ts";
import { chooseRun } from "./chooseRun.ts";
import { RunTree } from "./runTree.ts";
import { countRuns, treeOf } from "./tree.ts";
import type { TreeLine } from "./treeModel.ts";

/** What the explorer shows beyond the hosts' own state. */
export interface ExplorerView {
  /** Shows a run in the tree, opened, and puts the person there. */
  reveal(host: string, run: string): Promise<void>;
  filter: string;
}

const FILTERED = "rzero.filtered";

/** The run explorer's view: hosts, their runs, iterations, stages and checkpoints. */
export function showExplorer({ hosts, compared, context }: Services): ExplorerView {
  let filter = "";
  const models = () => hosts.all.map(({ model }) => model);
  const options = () => ({ now: Date.now(), l10n: vscode.l10n, filter, isChecked: compared.has.bind(compared) });
  const tree = new RunTree(() => treeOf(models(), options()));
  const view = vscode.window.createTreeView<TreeLine>("rzero.runs", {
    treeDataProvider: tree,
    manageCheckboxStateManually: true,
    showCollapseAll: true,
  });
  const sayFilter = () => {
    const { all, shown } = countRuns(models(), filter);
    const message = filter === "" ? undefined : vscode.l10n.t("“{0}”: {1} of {2} runs", oneLine(filter), shown, all);
    if (view.message !== message) view.message = message;
  };
  const changed = () => {
    sayFilter();
    tree.redraw();
  };
  const reveal = async (host: string, run: string, preserveFocus = false) => {
    await vscode.commands.executeCommand("rzero.runs.focus", { preserveFocus });
    const line = tree.runLine(host, run);
    // A line that is not drawn yet, or a view that was closed: the run is there all the same.
    if (line !== undefined)
      await view.reveal(line, { select: true, focus: false, expand: true }).then(undefined, () => undefined);
  };
  context.subscriptions.push(
    view,
    tree,
    // Work has ended that took a while: the person may be typing elsewhere by now.
    hosts.onDidAskToReveal(({ host, run }) => reveal(host, run, true)),
    hosts.onDidChange(changed),
    compared.onDidChange(() => tree.redraw()),
    view.onDidChangeCheckboxState(({ items }) => {
      for (const [line, state] of items)
        if (line.run !== null) compared.set(line.host, line.run, state === vscode.TreeItemCheckboxState.Checked);
    }),
  );
  return {
    reveal,
    get filter() {
      return filter;
    },
    set filter(words) {
      filter = words.trim();
      vscode.commands.executeCommand("setContext", FILTERED, filter !== "");
      changed();
    },
  };
}

/** Choosing what the explorer shows. */
export function filterCommands(view: ExplorerView) {
  return {
    [commands.filterRuns]: async () => {
      const words = await vscode.window.showInputBox({
        title: vscode.l10n.t("R-Zero: Filter Runs"),
        prompt: vscode.l10n.t("Words of names, ids, states or hosts; #tag for a tag. Nothing shows all."),
        value: view.filter,
      });
      if (words !== undefined) view.filter = words;
    },
    [commands.clearFilter]: () => {
      view.filter = "";
    },
  } satisfies Record<string, Handler>;
}

/** What can be done with hosts and with runs at work. */
export function explorerCommands(services: Services) {
  const { hosts, log } = services;
  const steer =
    (what: "pause" | "resume" | "stop", title: string): Handler =>
    async (line) => {
      const chosen = await chooseRun(hosts, line, { title });
      if (chosen === undefined) return;
      const { entry, run } = chosen;
      if (what === "resume" && !(await mayContinue(services, chosen))) return;
      try {
        // The id makes a repeat harmless: asked twice, it is done once.
        const params = { run: run.id, command: randomUUID(), by: "vscode" };
        await entry.link.request(`runs/${what}`, params, { limitMs: 120_000 });
        await entry.refresh();
      } catch (error) {
        await tell(error, entry.name, log);
      }
    };
  return {
    [commands.addHost]: async () => {
      const { pickHost } = await import("../hosts/pickHost.ts");
      const host = await pickHost(vscode.l10n.t("R-Zero: Add Host"));
      if (host === undefined) return;
      const entry = await hosts.add(host.alias);
      await vscode.commands.executeCommand("rzero.runs.focus");
      await connectVisibly(hosts, entry);
    },
    [commands.connectHost]: (line) => {
      const entry = line && hosts.get(line.host);
      return entry && connectVisibly(hosts, entry);
    },
    [commands.disconnectHost]: (line) => line && hosts.disconnect(line.host),
    [commands.forgetHost]: (line) => line && hosts.forget(line.host),
    [commands.refreshRuns]: () => hosts.refresh(),
    [commands.pauseRun]: steer("pause", vscode.l10n.t("R-Zero: Pause Run")),
    [commands.resumeRun]: steer("resume", vscode.l10n.t("R-Zero: Resume Run")),
    [commands.stopRun]: steer("stop", vscode.l10n.t("R-Zero: Stop Run")),
  } satisfies Record<string, Handler>;
}
