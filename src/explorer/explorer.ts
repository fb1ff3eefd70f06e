import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { pickHost } from "../hosts/pickHost.ts";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import { mayContinue } from "../launch/askTrust.ts";
import type { Handler, Services } from "../services.ts";
import { chooseRun } from "./chooseRun.ts";
import { RunTree } from "./runTree.ts";
import type { TreeLine } from "./treeModel.ts";

/** The run explorer's view: hosts, their runs, iterations and stages. */
export function showExplorer({ hosts }: Services): vscode.Disposable {
  const tree = new RunTree(() => hosts.all.map(({ model }) => model));
  const view = vscode.window.createTreeView<TreeLine>("rzero.runs", { treeDataProvider: tree });
  return vscode.Disposable.from(
    view,
    tree,
    hosts.onDidChange(() => tree.redraw()),
    hosts.onDidAskToReveal(async ({ host, run }) => {
      const line = tree.runLine(host, run);
      // A line that is not drawn yet, or a view that was closed: the run is there all the same.
      if (line !== undefined)
        await view.reveal(line, { select: true, focus: false, expand: true }).then(undefined, () => undefined);
    }),
  );
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
      const host = await pickHost(vscode.l10n.t("R-Zero: Add Host"));
      if (host === undefined) return;
      (await hosts.add(host.alias)).link.connect();
      await vscode.commands.executeCommand("rzero.runs.focus");
    },
    [commands.connectHost]: (line) => line && hosts.get(line.host)?.link.connect(),
    [commands.disconnectHost]: (line) => line && hosts.get(line.host)?.link.close(),
    [commands.forgetHost]: (line) => line && hosts.forget(line.host),
    [commands.refreshRuns]: () => hosts.refresh(),
    [commands.pauseRun]: steer("pause", vscode.l10n.t("R-Zero: Pause Run")),
    [commands.resumeRun]: steer("resume", vscode.l10n.t("R-Zero: Resume Run")),
    [commands.stopRun]: steer("stop", vscode.l10n.t("R-Zero: Stop Run")),
  } satisfies Record<string, Handler>;
}
