import * as vscode from "vscode";
import * as z from "zod";
import type { QuestionFilter } from "../../../remote-agent/src/protocol/questionQuery.ts";
import { chooseRun } from "../../explorer/chooseRun.ts";
import { commands, openRollouts } from "../../ids.ts";
import type { Handler, Services } from "../../services.ts";
import type { Panel } from "../base/panel.ts";
import { openPanel, restorePanels } from "../base/panel.ts";
import { AnswerDocuments } from "./answerDocuments.ts";
import { inspectorKind } from "./inspectorPanel.ts";
import { type InspectorContract, type RunRef, stateOf } from "./messages.ts";

/** What a point of a chart, or a line of the explorer, leads to: the rollouts of a stage, or of one step of it. */
const rollouts = z.object({
  host: z.string(),
  run: z.string(),
  iteration: z.number().int().nullish(),
  stage: z.string().nullish(),
  step: z.number().int().nullish(),
});
export type Rollouts = z.input<typeof rollouts>;

/** The inspector's part of the extension: its panels come back after a reload, and other parts can open it at a place. */
export class Inspectors implements vscode.Disposable {
  readonly #services: Services;
  readonly #documents = new AnswerDocuments();
  readonly #kind: ReturnType<typeof inspectorKind>;
  readonly #open = new Set<Panel<InspectorContract>>();
  readonly #registered: vscode.Disposable;

  constructor(services: Services) {
    this.#services = services;
    this.#kind = inspectorKind(this.#documents, services.hosts);
    this.#registered = vscode.Disposable.from(
      this.#documents,
      restorePanels(this.#kind, services, stateOf(null), (panel) => this.#opened(panel)),
      vscode.commands.registerCommand(openRollouts, (raw: unknown) => {
        const place = rollouts.safeParse(raw);
        if (place.success) this.show(place.data, filterOf(place.data));
        else services.log.error(`${openRollouts}: ${place.error.message}`);
      }),
    );
  }

  /** The questions of a run: in the panel that shows this run already, or in a new one. */
  show({ host, run }: RunRef, filter: QuestionFilter = {}): void {
    const state = stateOf({ host, run }, filter);
    const known = [...this.#open].find(
      ({ state: { panes } }) => panes.length === 1 && panes[0].source?.host === host && panes[0].source.run === run,
    );
    if (known === undefined) this.#opened(openPanel(this.#kind, this.#services, state));
    else {
      known.reveal();
      if (Object.keys(filter).length > 0) known.navigate({ ...state, columns: known.state.columns });
    }
  }

  dispose(): void {
    this.#registered.dispose();
  }

  #opened(panel: Panel<InspectorContract>): void {
    this.#open.add(panel);
    panel.onDidDispose(() => this.#open.delete(panel));
  }
}

export function inspectorCommands({ hosts }: Services, inspectors: Inspectors) {
  return {
    [commands.inspectQuestions]: async (line) => {
      const chosen = await chooseRun(hosts, line, { title: vscode.l10n.t("R-Zero: Inspect Questions") });
      if (chosen === undefined) return;
      const ref = { host: chosen.entry.id, run: chosen.run.id };
      const place = line?.place;
      inspectors.show(ref, place == null ? {} : filterOf({ ...ref, ...place }));
    },
  } satisfies Record<string, Handler>;
}

function filterOf({ iteration, stage, step }: Rollouts): QuestionFilter {
  if (iteration == null) return {};
  if (stage == null) return { iteration: [iteration] };
  return { rolled: { iteration, stage, ...(step == null ? {} : { step }) } };
}
