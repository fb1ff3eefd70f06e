import * as vscode from "vscode";
import { chooseRun } from "../../explorer/chooseRun.ts";
import type { TreeLine } from "../../explorer/treeModel.ts";
import { commands } from "../../ids.ts";
import type { Handler, Services } from "../../services.ts";
import { openPanel, type Panel, type PanelKind, restorePanels } from "../base/panel.ts";
import { ChartsService } from "./chartsService.ts";
import { chooseRuns } from "./chooseRuns.ts";
import { type ChartsContract, type ChartsState, chartsContract, MOST_RUNS } from "./messages.ts";
import { chartsWords } from "./words.ts";

const kind: PanelKind<ChartsContract> = {
  name: "charts",
  contract: chartsContract,
  title: ({ runs }) =>
    runs.length > 1
      ? vscode.l10n.t("Charts: {0} Runs", runs.length)
      : vscode.l10n.t("Charts: {0}", runs[0]?.run ?? "–"),
  words: chartsWords,
  serve: (panel, services) => new ChartsService(panel, services),
};

const fresh: ChartsState = { runs: [], smoothing: 0.6, log: [], tables: [], scroll: 0 };

/** The Charts panels of this window, and their commands. */
export class Charts implements vscode.Disposable {
  readonly #services: Services;
  /** Open panels, so that the same runs are not opened twice. */
  readonly #open = new Set<Panel<ChartsContract>>();
  readonly #restoring: vscode.Disposable;

  constructor(services: Services) {
    this.#services = services;
    this.#restoring = restorePanels(kind, services, fresh, (panel) => this.#remember(panel));
  }

  commands() {
    const { hosts, compared } = this.#services;
    return {
      [commands.openCharts]: async (line, selected) => {
        const several = runsOf(selected);
        if (several.length > 1) return this.#show(several);
        const chosen = await chooseRun(hosts, line, { title: vscode.l10n.t("R-Zero: Open Charts") });
        if (chosen !== undefined) this.#show([{ host: chosen.entry.id, run: chosen.run.id }]);
      },
      [commands.compareCharts]: async (line, selected) => {
        const several = runsOf(selected);
        if (several.length > 1) return this.#show(several);
        const ticked = compared.all.map(({ entry, run }) => ({ host: entry.id, run: run.id })).slice(0, MOST_RUNS);
        // Several that are ticked need no asking, unless it was asked for another one.
        if (ticked.length > 1 && (line?.run == null || compared.has(line.host, line.run))) return this.#show(ticked);
        const runs = await chooseRuns(hosts, [...runsOf(line === undefined ? [] : [line]), ...ticked]);
        if (runs !== undefined && runs.length > 0) this.#show(runs);
      },
    } satisfies Record<string, Handler>;
  }

  dispose(): void {
    this.#restoring.dispose();
  }

  #show(runs: ChartsState["runs"]): void {
    const shown = [...this.#open].find(({ state }) => sameRuns(state.runs, runs));
    if (shown !== undefined) shown.reveal();
    else this.#remember(openPanel(kind, this.#services, { ...fresh, runs }));
  }

  #remember(panel: Panel<ChartsContract>): void {
    this.#open.add(panel);
    panel.onDidDispose(() => this.#open.delete(panel));
  }
}

function runsOf(lines: readonly TreeLine[] | undefined): ChartsState["runs"] {
  const runs = (lines ?? []).flatMap(({ host, run }) => (run === null ? [] : [{ host, run }]));
  return runs
    .filter(({ host, run }, i) => runs.findIndex((other) => other.host === host && other.run === run) === i)
    .slice(0, MOST_RUNS);
}

function sameRuns(a: ChartsState["runs"], b: ChartsState["runs"]): boolean {
  const keys = (runs: ChartsState["runs"]) => runs.map(({ host, run }) => `${host}/${run}`).sort();
  return JSON.stringify(keys(a)) === JSON.stringify(keys(b));
}
