import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import { answerGroups } from "../../../remote-agent/src/protocol/answerGroups.ts";
import { isBehind } from "../../../remote-agent/src/protocol/behind.ts";
import type { QuestionRow, QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionView } from "../../../remote-agent/src/protocol/review.ts";
import type { InspectorContract, ReaskState, RunRef } from "../../../src/panels/inspector/messages.ts";
import type { HostLink } from "../../base/hostLink.ts";
import { placeText } from "../filter/filterBar.ts";
import { newerDecision } from "../newerDecision.ts";
import { ReaskPart } from "../reask/reaskPart.ts";
import type { Words } from "../words.ts";
import { questionDetail, questionFacts } from "./questionDetail.ts";

export interface QuestionPartPorts {
  readonly link: HostLink<InspectorContract>;
  readonly words: Words;
  readonly onRecord: (id: string) => void;
  readonly onQuestion: (id: string) => void;
  readonly onCluster: (row: QuestionRow) => void;
  readonly reask: () => ReaskState;
  readonly onReask: (change: Partial<ReaskState>) => void;
  readonly tell: (error: unknown) => void;
}

/** A question in the detail, which changes while it is shown: it is decided on, trained on, and asked again. */
export class QuestionPart {
  readonly element: HTMLElement;
  /** Null where there is nothing to ask. */
  readonly reask: ReaskPart | null;
  readonly #source: RunRef;
  readonly #id: string;
  readonly #ports: QuestionPartPorts;
  readonly #signal: AbortSignal;
  #row: QuestionRow;
  #isBehind: boolean;

  constructor(source: RunRef, id: string, view: QuestionView, ports: QuestionPartPorts, signal: AbortSignal) {
    this.#source = source;
    this.#id = id;
    this.#ports = ports;
    this.#signal = signal;
    this.#row = view.question;
    this.#isBehind = isBehind(view.index);
    const { link, words } = ports;
    this.reask = view.question.valid
      ? new ReaskPart(
          source,
          id,
          answerGroups(view),
          { link, words, state: ports.reask, onState: ports.onReask, onRecord: ports.onRecord },
          signal,
        )
      : null;
    this.element = questionDetail(view, {
      reask: this.reask?.element ?? null,
      words,
      text: (record) => (textFrom) => link.ask("record", { ...source, id: record, textFrom }),
      onRecord: ports.onRecord,
      onQuestion: ports.onQuestion,
      onDiff: (left, right) => void link.ask("diff", { ...source, left, right }).catch(ports.tell),
      onCluster: ports.onCluster,
    });
  }

  get title(): string {
    const { iteration, stage, step } = this.#row;
    return visible(placeText({ iteration, stage, ...(step === null ? {} : { step }) }, this.#ports.words));
  }

  /** What is shown is of before something that the run's index has not come to yet. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Somebody decided on questions, perhaps on this one. */
  decided(decisions: readonly DecisionView[]): void {
    const decision = decisions.findLast(({ task }) => task === this.#row.task);
    if (decision !== undefined) this.#show({ ...this.#row, decision });
  }

  /** Looks again at what the question earned and led to. @returns whether something is new @throws PanelError */
  async freshen(): Promise<boolean> {
    const asked = { ...this.#source, id: this.#id };
    const view = await this.#ports.link.ask("question", asked, { signal: this.#signal });
    const { question } = view;
    this.#isBehind = isBehind(view.index);
    const row = { ...question, decision: newerDecision(this.#row.decision, question.decision) };
    if (this.#signal.aborted || JSON.stringify(row) === JSON.stringify(this.#row)) return false;
    this.#show(row);
    return true;
  }

  /** Nothing that the person may be reading or walking along is taken away: only the facts are drawn anew. */
  #show(row: QuestionRow): void {
    this.#row = row;
    this.element.querySelector(":scope > .facts")?.replaceWith(questionFacts(row, this.#ports.words));
  }
}
