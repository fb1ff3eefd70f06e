import * as vscode from "vscode";
import * as z from "zod";
import type { QuestionFilter } from "../../../remote-agent/src/protocol/questionQuery.ts";
import { chooseRun } from "../../explorer/chooseRun.ts";
import type { TreeLine } from "../../explorer/treeModel.ts";
import { tell } from "../../hosts/tell.ts";
import { openRollouts } from "../../ids.ts";
import type { Services } from "../../services.ts";
import type { OpenPanels } from "../base/onDemand.ts";
import type { Panel } from "../base/panel.ts";
import { openPanel, restoredPanel } from "../base/panel.ts";
import { AnswerDocuments } from "./answerDocuments.ts";
import { inspectorKind } from "./inspectorPanel.ts";
import { type InspectorContract, type InspectorState, type RunRef, stateOf } from "./messages.ts";
import { pickQuestion } from "./pickQuestion.ts";

/** What a point of a chart, or a line of the explorer, leads to: the rollouts of a stage, or of one step of it. */
const rollouts = z.object({
  host: z.string(),
  run: z.string(),
  iteration: z.number().int().nullish(),
  stage: z.string().nullish(),
  step: z.number().int().nullish(),
});
export type Rollouts = z.input<typeof rollouts>;

/** The inspectors of this window. */
export class Inspectors implements OpenPanels {
  readonly #services: Services;
  readonly #documents = new AnswerDocuments();
  readonly #kind: ReturnType<typeof inspectorKind>;
  readonly #open = new Set<Panel<InspectorContract>>();

  constructor(services: Services) {
    this.#services = services;
    this.#kind = inspectorKind(this.#documents, services.hosts);
    services.context.subscriptions.push(this.#documents);
  }

  restore(made: vscode.WebviewPanel, raw: unknown): void {
    this.#opened(restoredPanel(this.#kind, this.#services, made, raw, stateOf(null)));
  }

  /** The questions of a run that a line of the explorer stands for, or that the person chooses. */
  async inspect(line?: TreeLine): Promise<void> {
    const chosen = await chooseRun(this.#services.hosts, line, { title: vscode.l10n.t("R-Zero: Inspect Questions") });
    if (chosen === undefined) return;
    const ref = { host: chosen.entry.id, run: chosen.run.id };
    const place = line?.place;
    this.show(ref, place == null ? {} : filterOf({ ...ref, ...place }));
  }

  /**
   * Asks a question again: the one that the inspector in front shows, or one that the person chooses. Who answers, how often and how
   * warm is said in the inspector, which opens for it.
   */
  async reask(line?: TreeLine): Promise<void> {
    const front = line === undefined ? [...this.#open].find(({ active }) => active) : undefined;
    if (front?.state.detail?.kind === "question") {
      front.reveal(); // VS Code does not always give the keyboard back to it when the palette closes
      front.navigate(wanted(front.state));
      return;
    }
    const { hosts, log } = this.#services;
    const title = vscode.l10n.t("R-Zero: Re-Ask Question");
    const chosen = await chooseRun(hosts, line, { title });
    if (chosen === undefined) return;
    const { entry, run } = chosen;
    try {
      const row = await pickQuestion(entry.link, run.id, title);
      if (row === undefined) return;
      const panel = this.show({ host: entry.id, run: run.id });
      panel.navigate(wanted({ ...panel.state, detail: { pane: 0, kind: "question", id: row.id } }));
    } catch (error) {
      await tell(error, entry.name, log);
    }
  }

  /** The rollouts of a place that another part of the editor names; what is no place is only logged. */
  showRollouts(raw: unknown): void {
    const place = rollouts.safeParse(raw);
    if (place.success) this.show(place.data, filterOf(place.data));
    else this.#services.log.error(`${openRollouts}: ${place.error.message}`);
  }

  /** The questions of a run: in the panel that shows this run already, or in a new one. */
  show({ host, run }: RunRef, filter: QuestionFilter = {}): Panel<InspectorContract> {
    const state = stateOf({ host, run }, filter);
    const known = [...this.#open].find(
      ({ state: { panes } }) => panes.length === 1 && panes[0].source?.host === host && panes[0].source.run === run,
    );
    if (known === undefined) return this.#opened(openPanel(this.#kind, this.#services, state));
    known.reveal();
    const { columns, reask } = known.state;
    if (Object.keys(filter).length > 0) known.navigate({ ...state, columns, reask });
    return known;
  }

  #opened(panel: Panel<InspectorContract>): Panel<InspectorContract> {
    this.#open.add(panel);
    panel.onDidDispose(() => this.#open.delete(panel));
    return panel;
  }
}

/** With the form of a re-ask open and the person in it. */
function wanted(state: InspectorState): InspectorState {
  return { ...state, reask: { ...state.reask, isOpen: true, isWanted: true } };
}

function filterOf({ iteration, stage, step }: Rollouts): QuestionFilter {
  if (iteration == null) return {};
  if (stage == null) return { iteration: [iteration] };
  return { rolled: { iteration, stage, ...(step == null ? {} : { step }) } };
}
