import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionView } from "../../../remote-agent/src/protocol/review.ts";
import type {
  DetailTarget,
  InspectorContract,
  ReaskProgress,
  ReaskState,
  ReviewAct,
  RunRef,
} from "../../../src/panels/inspector/messages.ts";
import { type HostLink, PanelError } from "../../base/hostLink.ts";
import { element } from "../../ui/dom.ts";
import { messageView } from "../../ui/states.ts";
import type { Words } from "../words.ts";
import { DetailActs } from "./detailActs.ts";
import { DetailBar } from "./detailBar.ts";
import { History } from "./history.ts";
import { isOfQuestion } from "./lineageList.ts";
import { LineagePart } from "./lineagePart.ts";
import { QuestionPart } from "./questionPart.ts";
import { recordView } from "./recordView.ts";

const FRESHEN_MS = 2500;
/** The run's index is still coming to what was written last. */
const BEHIND_MS = 1000;
/** A slower answer is announced. */
const SLOW_MS = 300;

export interface DetailPorts {
  readonly link: HostLink<InspectorContract>;
  readonly words: Words;
  readonly sourceOf: (pane: 0 | 1) => RunRef | null;
  /** Another place, to be kept. */
  readonly onTarget: (target: DetailTarget | null) => void;
  readonly onStep: (pane: 0 | 1, by: 1 | -1) => void;
  readonly onCluster: (pane: 0 | 1, row: QuestionRow) => void;
  readonly onBack: () => void;
  readonly reask: () => ReaskState;
  readonly onReask: (change: Partial<ReaskState>) => void;
}

/** The side that shows one question with its answers, or one record, and the way there. */
export class Detail {
  readonly element: HTMLElement;
  readonly #ports: DetailPorts;
  readonly #history = new History<DetailTarget>(same);
  readonly #bar: DetailBar;
  readonly #acts: DetailActs;
  readonly #content = element("div", { class: "detail-content", attributes: { tabindex: "0" } });
  #target: DetailTarget | null = null;
  #loading: AbortController | undefined;
  /** What is shown of the target, once it is there. */
  #question: QuestionPart | null = null;
  #lineage: LineagePart | null = null;
  #freshening: ReturnType<typeof setTimeout> | undefined;
  /** What is being asked again, or was in this page, by question. */
  readonly #asked = new Map<string, ReaskProgress>();

  constructor(ports: DetailPorts) {
    this.#ports = ports;
    const { texts } = ports.words;
    this.#bar = new DetailBar({
      words: ports.words,
      onBack: () => this.#travel(this.#history.back()),
      onForward: () => this.#travel(this.#history.forward()),
      onStep: (by) => this.#step(by),
      onReask: () => this.reask(),
      onReview: (act) => this.review(act),
      onCopy: (as) => void this.#acts.copy(as),
      onClose: () => ports.onTarget(null),
    });
    this.#content.setAttribute("aria-label", texts.detail);
    this.element = element("section", { class: "detail", attributes: { "aria-label": texts.detail } }, [
      this.#bar.element,
      this.#content,
    ]);
    this.#acts = new DetailActs(this.element, { ...ports, shown: () => this.#shown() });
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  get target(): DetailTarget | null {
    return this.#target;
  }

  /** `moves`: the person goes along the table; that is one place of the history. */
  show(target: DetailTarget | null, moves = false): void {
    this.element.hidden = target === null;
    if (target === null) {
      this.#loading?.abort();
      this.#target = null;
      return;
    }
    if (this.#target !== null && same(target, this.#target) && !this.#hasFailed) return;
    if (moves && this.#target?.kind === "question") this.#history.replace(target);
    else this.#history.visit(target);
    this.#draw(target);
  }

  /** The link came back: what could not be loaded is tried again. */
  retry(): void {
    if (this.#target !== null && this.#hasFailed) this.#draw(this.#target);
  }

  /** Something is new of a question that this panel asks again. */
  reasking(progress: ReaskProgress): void {
    this.#asked.set(progress.id, progress);
    this.#question?.reask?.show(progress);
  }

  /** The run has written more: what the question earned and led to is looked at again, at most every few seconds. */
  grown(run: RunRef): void {
    if (this.#question === null || !this.#isOf(run)) return;
    this.#freshenIn(FRESHEN_MS);
  }

  #freshenIn(ms: number): void {
    this.#freshening ??= setTimeout(() => {
      this.#freshening = undefined;
      void this.#freshen();
    }, ms);
  }

  async #freshen(): Promise<void> {
    const [question, lineage] = [this.#question, this.#lineage];
    if (question === null) return;
    try {
      if ((await question.freshen()) && lineage?.isWalked === false) await lineage.load();
      if (question === this.#question && question.isBehind) this.#freshenIn(BEHIND_MS);
    } catch {
      // What is shown stays; the next growth looks again.
      if (question === this.#question && question.isBehind) this.#freshenIn(FRESHEN_MS);
    }
  }

  /** Somebody asked a question of this run again. */
  reasked(run: RunRef): void {
    if (this.#isOf(run)) void this.#question?.reask?.look().catch((error: unknown) => this.tell(error));
  }

  /** Somebody decided on questions, perhaps on this one. */
  decided(run: RunRef, decisions: readonly DecisionView[]): void {
    if (this.#isOf(run)) this.#question?.decided(decisions);
  }

  /** Goes to where the question can be asked again. */
  reask(): void {
    this.#ports.onReask({ isOpen: true, isWanted: true });
    if (this.#question?.reask != null) this.#wanted();
  }

  /** The person came to ask: they are put there, where the question can be asked. */
  #wanted(): void {
    this.#ports.onReask({ isWanted: false });
    this.#question?.reask?.open();
  }

  /** What a reviewer does with the question that is shown. */
  review(act: ReviewAct): void {
    void this.#acts.decide(act);
  }

  focus(): void {
    this.#content.focus();
  }

  #step(by: 1 | -1): void {
    if (this.#target !== null) this.#ports.onStep(this.#target.pane, by);
  }

  #travel(target: DetailTarget | null): void {
    if (target === null) return;
    this.#ports.onTarget(target);
    this.#draw(target);
  }

  #visit(target: DetailTarget): void {
    this.show(target);
    this.#ports.onTarget(target);
    this.focus();
  }

  #draw(target: DetailTarget): void {
    this.#target = target;
    this.#question = null;
    this.#lineage = null;
    this.#bar.ways(this.#history);
    this.#loading?.abort();
    const abort = new AbortController();
    this.#loading = abort;
    void this.#load(target, abort.signal);
  }

  async #load(target: DetailTarget, signal: AbortSignal): Promise<void> {
    const { link, words, sourceOf } = this.#ports;
    const source = sourceOf(target.pane);
    if (source === null) return;
    // What was there stays until there is something else; only a slow answer is announced.
    const slow = setTimeout(
      () => this.#content.replaceChildren(messageView({ kind: "loading", title: words.loading })),
      SLOW_MS,
    );
    try {
      const shown =
        target.kind === "question"
          ? await this.#loadQuestion(source, target, signal)
          : await this.#loadRecord(source, target, signal);
      if (signal.aborted) return;
      const lineage = this.#lineagePart(source, target, signal);
      this.#lineage = lineage;
      this.#content.replaceChildren(shown, lineage.element);
      this.#content.scrollTop = 0;
      this.#bar.forQuestion(target.kind === "question");
      if (this.#ports.reask().isWanted) this.#wanted();
      if (this.#question?.isBehind === true) this.#freshenIn(BEHIND_MS);
      void lineage.load();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof PanelError && error.reason === "no_question" && target.kind === "question") {
        this.show({ ...target, kind: "record" }, true); // it belongs to no single question
        return;
      }
      const detail = visible(error instanceof Error ? error.message : String(error));
      const action = { label: words.retry, run: () => this.#draw(target) };
      this.#content.replaceChildren(messageView({ kind: "error", title: words.failed, detail, action }));
      if (!(error instanceof PanelError)) link.trouble(error);
    } finally {
      clearTimeout(slow);
    }
  }

  async #loadQuestion(source: RunRef, { pane, id }: DetailTarget, signal: AbortSignal): Promise<HTMLElement> {
    const { link, words, onCluster, reask, onReask } = this.#ports;
    const view = await link.ask("question", { ...source, id }, { signal });
    const ports = {
      link,
      words,
      onRecord: (record: string) => this.#visit({ pane, kind: "record", id: record }),
      onQuestion: (other: string) => this.#visit({ pane, kind: "question", id: other }),
      onCluster: (row: QuestionRow) => onCluster(pane, row),
      reask,
      onReask,
      tell: (error: unknown) => this.tell(error),
    };
    const question = new QuestionPart(source, id, view, ports, signal);
    this.#question = question;
    this.#bar.title(question.title);
    const known = this.#asked.get(id);
    if (known !== undefined) question.reask?.show(known);
    return question.element;
  }

  async #loadRecord(source: RunRef, { id }: DetailTarget, signal: AbortSignal): Promise<HTMLElement> {
    const { link, words } = this.#ports;
    const payload = await link.ask("record", { ...source, id, textFrom: 0 }, { signal });
    this.#bar.title(`${visible(payload.record.type)} ${id.slice(0, 8)}`);
    return recordView(payload, words, (textFrom) => link.ask("record", { ...source, id, textFrom }));
  }

  #lineagePart(source: RunRef, { pane, id }: DetailTarget, signal: AbortSignal): LineagePart {
    const { link, words } = this.#ports;
    const onNode = (node: { id: string; type: string }) =>
      this.#visit({ pane, kind: isOfQuestion(node.type) && node.id !== id ? "question" : "record", id: node.id });
    return new LineagePart(source, id, { link, words, onNode }, signal);
  }

  get #hasFailed(): boolean {
    return this.#content.querySelector(".state-error") !== null;
  }

  #shown() {
    const target = this.#target;
    const source = target === null ? null : this.#ports.sourceOf(target.pane);
    return target === null || source === null
      ? null
      : { ...source, id: target.id, isQuestion: target.kind === "question" };
  }

  #isOf({ host, run }: RunRef): boolean {
    const shown = this.#shown();
    return shown?.host === host && shown.run === run;
  }

  /** Says what went wrong, for a moment. */
  tell(error: unknown): void {
    this.#acts.tell(error);
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") this.#ports.onBack();
    else if (event.altKey && event.key === "ArrowLeft") this.#travel(this.#history.back());
    else if (event.altKey && event.key === "ArrowRight") this.#travel(this.#history.forward());
    else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      this.#step(event.key === "ArrowDown" ? 1 : -1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function same(a: DetailTarget, b: DetailTarget): boolean {
  return a.pane === b.pane && a.kind === b.kind && a.id === b.id;
}
