import * as vscode from "vscode";
import * as z from "zod";
import { chooseRun } from "../../explorer/chooseRun.ts";
import type { TreeLine } from "../../explorer/treeModel.ts";
import { openChart } from "../../ids.ts";
import { oneLine } from "../../oneLine.ts";
import type { Services } from "../../services.ts";
import type { OpenPanels } from "../base/onDemand.ts";
import { openPanel, type Panel, type PanelKind, restoredPanel } from "../base/panel.ts";
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
      : vscode.l10n.t("Charts: {0}", oneLine(runs[0]?.run ?? "–")),
  words: chartsWords,
  serve: (panel, services) => new ChartsService(panel, services),
};

const chartPlace = z.object({ host: z.string(), run: z.string(), chart: z.string() });

const fresh: ChartsState = { runs: [], smoothing: 0.6, log: [], tables: [], scroll: 0, chart: null };

/** The Charts panels of this window. */
export class Charts implements OpenPanels {
  readonly #services: Services;
  /** Open panels, so that the same runs are not opened twice. */
  readonly #open = new Set<Panel<ChartsContract>>();

  constructor(services: Services) {
    this.#services = services;
  }

  restore(made: vscode.WebviewPanel, raw: unknown): void {
    this.#remember(restoredPanel(kind, this.#services, made, raw, fresh));
  }

  /** Charts of a run, or of several that are selected in the explorer. */
  async open(line?: TreeLine, selected?: readonly TreeLine[]): Promise<void> {
    const several = runsOf(selected);
    if (several.length > 1) return this.#show(several);
    const title = vscode.l10n.t("R-Zero: Open Charts");
    const chosen = await chooseRun(this.#services.hosts, line, { title });
    if (chosen !== undefined) this.#show([{ host: chosen.entry.id, run: chosen.run.id }]);
  }

  /** Charts of several runs over each other: of those that are selected, those that are ticked, or those that the person chooses. */
  async compare(line?: TreeLine, selected?: readonly TreeLine[]): Promise<void> {
    const { hosts, compared } = this.#services;
    const several = runsOf(selected);
    if (several.length > 1) return this.#show(several);
    const ticked = compared.all.map(({ entry, run }) => ({ host: entry.id, run: run.id })).slice(0, MOST_RUNS);
    // Several that are ticked need no asking, unless it was asked for another one.
    if (ticked.length > 1 && (line?.run == null || compared.has(line.host, line.run))) return this.#show(ticked);
    const runs = await chooseRuns(hosts, [...runsOf(line === undefined ? [] : [line]), ...ticked]);
    if (runs !== undefined && runs.length > 0) this.#show(runs);
  }

  /** Charts of a run, with one of them in view. */
  openAt(raw: unknown): void {
    const place = chartPlace.safeParse(raw);
    if (place.success) this.#show([{ host: place.data.host, run: place.data.run }], place.data.chart);
    else this.#services.log.error(`${openChart}: ${place.error.message}`);
  }

  #show(runs: ChartsState["runs"], chart: string | null = null): void {
    const shown = [...this.#open].find(({ state }) => sameRuns(state.runs, runs));
    if (shown === undefined) {
      this.#remember(openPanel(kind, this.#services, { ...fresh, runs, chart }));
      return;
    }
    shown.reveal();
    if (chart !== null) shown.navigate({ ...shown.state, chart });
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
