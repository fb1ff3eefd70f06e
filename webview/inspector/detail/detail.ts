import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import { answerGroups } from "../../../remote-agent/src/protocol/answerGroups.ts";
import type { LineageNode, QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
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
import { iconButton } from "../../ui/controls.ts";
import { element } from "../../ui/dom.ts";
import { messageView } from "../../ui/states.ts";
import { placeText } from "../filter/filterBar.ts";
import { type Menu, menu } from "../menu.ts";
import { ReaskPart } from "../reask/reaskPart.ts";
import type { Words } from "../words.ts";
import { History } from "./history.ts";
import { isOfQuestion, joined } from "./lineageList.ts";
import { lineageView } from "./lineageView.ts";
import { questionDetail, questionFacts } from "./questionDetail.ts";
import { recordView } from "./recordView.ts";
import { fillReview } from "./reviewMenu.ts";
import { section } from "./section.ts";

const FRESHEN_MS = 2500;

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
  readonly #content = element("div", { class: "detail-content", attributes: { tabindex: "0" } });
  readonly #title = element("span", { class: "detail-title" });
  readonly #back: HTMLElement;
  readonly #forward: HTMLElement;
  /** What is for questions only. */
  readonly #ofQuestion: HTMLElement[];
  readonly #review: Menu;
  #reask: ReaskPart | null = null;
  #row: QuestionRow | null = null;
  #freshening: ReturnType<typeof setTimeout> | undefined;
  /** What is being asked again, or was in this page, by question. */
  readonly #asked = new Map<string, ReaskProgress>();
  #loading: AbortController | undefined;
  #target: DetailTarget | null = null;

  constructor(ports: DetailPorts) {
    this.#ports = ports;
    const { texts } = ports.words;
    this.#back = iconButton({
      label: texts.back,
      icon: "arrow-left",
      onClick: () => this.#travel(this.#history.back()),
    });
    this.#forward = iconButton({
      label: texts.forward,
      icon: "arrow-right",
      onClick: () => this.#travel(this.#history.forward()),
    });
    const step = (by: 1 | -1) => this.#target !== null && ports.onStep(this.#target.pane, by);
    const copy = (as: "markdown" | "json") => () => void this.#copy(as);
    this.#review = menu({
      label: texts.review,
      iconName: "checklist",
      onOpen: () => fillReview(this.#review, texts, (act) => void this.#decide(act)),
    });
    this.#ofQuestion = [
      iconButton({ label: texts.reaskTip, icon: "comment-discussion", onClick: () => this.reask() }),
      this.#review.element,
      iconButton({ label: texts.copyMarkdown, icon: "markdown", onClick: copy("markdown") }),
      iconButton({ label: texts.copyJson, icon: "json", onClick: copy("json") }),
    ];
    const bar = element("div", { class: "detail-bar", attributes: { role: "toolbar", "aria-label": texts.detail } }, [
      this.#back,
      this.#forward,
      iconButton({ label: texts.previous, icon: "chevron-up", onClick: () => step(-1) }),
      iconButton({ label: texts.next, icon: "chevron-down", onClick: () => step(1) }),
      this.#title,
      ...this.#ofQuestion,
      iconButton({ label: texts.close, icon: "close", onClick: () => ports.onTarget(null) }),
    ]);
    this.#content.setAttribute("aria-label", texts.detail);
    this.element = element("section", { class: "detail", attributes: { "aria-label": texts.detail } }, [
      bar,
      this.#content,
    ]);
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
    if (this.#target !== null && same(target, this.#target) && this.#content.querySelector(".state-error") === null)
      return;
    if (moves && this.#target?.kind === "question") this.#history.replace(target);
    else this.#history.visit(target);
    this.#draw(target);
  }

  /** The link came back: what could not be loaded is tried again. */
  retry(): void {
    if (this.#target !== null && this.#content.querySelector(".state-error") !== null) this.#draw(this.#target);
  }

  /** Something is new of a question that this panel asks again. */
  reasking(progress: ReaskProgress): void {
    this.#asked.set(progress.id, progress);
    this.#reask?.show(progress);
  }

  /** The run has written more: what the question earned and led to is looked at again, at most every few seconds. */
  grown(run: RunRef): void {
    if (this.#row === null || !this.#isOf(run)) return;
    this.#freshening ??= setTimeout(() => {
      this.#freshening = undefined;
      if (this.#target !== null && this.#loading !== undefined) void this.#freshen(this.#target, this.#loading.signal);
    }, FRESHEN_MS);
  }

  /** Nothing that the person may be reading or walking along is taken away. */
  async #freshen(target: DetailTarget, signal: AbortSignal): Promise<void> {
    const source = this.#ports.sourceOf(target.pane);
    if (source === null || target.kind !== "question" || signal.aborted) return;
    try {
      const { question } = await this.#ports.link.ask("question", { ...source, id: target.id }, { signal });
      const decision = newer(this.#row?.decision ?? null, question.decision);
      const row = { ...question, decision };
      if (signal.aborted || JSON.stringify(row) === JSON.stringify(this.#row)) return;
      this.#row = row;
      this.#content.querySelector(".question > .facts")?.replaceWith(questionFacts(row, this.#ports.words));
      const isWalked = this.#content.querySelector(".lineage-part")?.contains(document.activeElement) === true;
      if (!isWalked) await this.#lineage(source, target, signal);
    } catch {
      return; // what is shown stays; the next growth looks again
    }
  }

  /** Somebody asked a question of this run again. */
  reasked(run: RunRef): void {
    if (this.#isOf(run)) void this.#reask?.look().catch((error: unknown) => this.tell(error));
  }

  /** Somebody decided on questions, perhaps on this one. */
  decided(run: RunRef, decisions: readonly DecisionView[]): void {
    const decision = decisions.findLast(({ task }) => task === this.#row?.task);
    if (this.#row === null || decision === undefined || !this.#isOf(run)) return;
    this.#row = { ...this.#row, decision };
    this.#content.querySelector(".question > .facts")?.replaceWith(questionFacts(this.#row, this.#ports.words));
  }

  /** Goes to where the question can be asked again. */
  reask(): void {
    this.#ports.onReask({ isOpen: true, isWanted: true });
    if (this.#reask !== null) this.#wanted();
  }

  /** The person came to ask: they are put there, where the question can be asked. */
  #wanted(): void {
    this.#ports.onReask({ isWanted: false });
    this.#reask?.open();
  }

  /** What a reviewer does with the question that is shown. */
  review(act: ReviewAct): void {
    void this.#decide(act);
  }

  focus(): void {
    this.#content.focus();
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
    this.#reask = null;
    this.#row = null;
    this.#enable(this.#back, this.#history.canGoBack);
    this.#enable(this.#forward, this.#history.canGoForward);
    this.#loading?.abort();
    const abort = new AbortController();
    this.#loading = abort;
    void this.#load(target, abort.signal);
  }

  #enable(control: HTMLElement, on: boolean): void {
    if (on) control.removeAttribute("disabled");
    else control.setAttribute("disabled", "");
  }

  async #load(target: DetailTarget, signal: AbortSignal): Promise<void> {
    const { link, words, sourceOf } = this.#ports;
    const source = sourceOf(target.pane);
    if (source === null) return;
    // What was there stays until there is something else; only a slow answer is announced.
    const slow = setTimeout(
      () => this.#content.replaceChildren(messageView({ kind: "loading", title: words.loading })),
      300,
    );
    try {
      const shown =
        target.kind === "question"
          ? await this.#question(source, target, signal)
          : await this.#record(source, target, signal);
      if (signal.aborted) return;
      this.#content.replaceChildren(...shown);
      this.#content.scrollTop = 0;
      for (const control of this.#ofQuestion) control.hidden = target.kind !== "question";
      if (this.#ports.reask().isWanted) this.#wanted();
      void this.#lineage(source, target, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof PanelError && error.reason === "no_record" && target.kind === "question") {
        this.show({ ...target, kind: "record" }, true); // it belongs to no single question
        return;
      }
      const detail = visible(error instanceof Error ? error.message : String(error));
      this.#content.replaceChildren(
        messageView({
          kind: "error",
          title: words.failed,
          detail,
          action: { label: words.retry, run: () => this.#draw(target) },
        }),
      );
      if (!(error instanceof PanelError)) link.trouble(error);
    } finally {
      clearTimeout(slow);
    }
  }

  async #question(source: RunRef, target: DetailTarget, signal: AbortSignal): Promise<HTMLElement[]> {
    const { link, words } = this.#ports;
    const { pane, id } = target;
    const view = await link.ask("question", { ...source, id }, { signal });
    const { iteration, stage, step } = view.question;
    this.#title.textContent = visible(placeText({ iteration, stage, ...(step === null ? {} : { step }) }, words));
    this.#row = view.question;
    this.#reask = view.question.valid ? this.#reaskPart(source, target, answerGroups(view), signal) : null;
    const shown = questionDetail(view, {
      reask: this.#reask?.element ?? null,
      words,
      text: (record) => (textFrom) => link.ask("record", { ...source, id: record, textFrom }),
      onRecord: (record) => this.#visit({ pane, kind: "record", id: record }),
      onQuestion: (other) => this.#visit({ pane, kind: "question", id: other }),
      onDiff: (left, right) => void link.ask("diff", { ...source, left, right }).catch((error) => this.tell(error)),
      onCluster: (row) => this.#ports.onCluster(pane, row),
    });
    return [shown];
  }

  #reaskPart(
    source: RunRef,
    { pane, id }: DetailTarget,
    groups: ReturnType<typeof answerGroups>,
    signal: AbortSignal,
  ): ReaskPart {
    const part = new ReaskPart(
      source,
      id,
      groups,
      {
        link: this.#ports.link,
        words: this.#ports.words,
        state: this.#ports.reask,
        onState: this.#ports.onReask,
        onRecord: (record) => this.#visit({ pane, kind: "record", id: record }),
      },
      signal,
    );
    const known = this.#asked.get(id);
    if (known !== undefined) part.show(known);
    return part;
  }

  async #record(source: RunRef, { id }: DetailTarget, signal: AbortSignal): Promise<HTMLElement[]> {
    const { link, words } = this.#ports;
    const payload = await link.ask("record", { ...source, id, textFrom: 0 }, { signal });
    this.#title.textContent = `${visible(payload.record.type)} ${id.slice(0, 8)}`;
    return [recordView(payload, words, (textFrom) => link.ask("record", { ...source, id, textFrom }))];
  }

  async #lineage(source: RunRef, { pane, id }: DetailTarget, signal: AbortSignal): Promise<void> {
    const { link, words } = this.#ports;
    const before = this.#content.querySelector(".lineage-part");
    const place = section(
      words.texts.lineageHead,
      [element("p", { class: "note", text: words.loading })],
      "lineage-part",
    );
    if (before === null) this.#content.append(place);
    try {
      // Causes only so far that a checkpoint's own history does not drown what is near: one goes on from there.
      const [causes, effects] = await Promise.all([
        link.ask("lineage", { ...source, id, direction: "causes", depth: 2, limit: 60 }, { signal }),
        link.ask("lineage", { ...source, id, direction: "effects", depth: 5, limit: 150 }, { signal }),
      ]);
      const found = joined(causes, effects);
      const onNode = (node: LineageNode) =>
        this.#visit({ pane, kind: isOfQuestion(node.type) && node.id !== id ? "question" : "record", id: node.id });
      if (signal.aborted) return;
      place.lastChild?.replaceWith(lineageView(found, { words, onNode }));
      before?.replaceWith(place);
    } catch (error) {
      if (signal.aborted) return;
      const text = visible(error instanceof Error ? error.message : String(error));
      place.lastChild?.replaceWith(element("p", { class: "note", text }));
    }
  }

  #isOf({ host, run }: RunRef): boolean {
    const source = this.#target === null ? null : this.#ports.sourceOf(this.#target.pane);
    return source?.host === host && source.run === run;
  }

  async #decide(act: ReviewAct): Promise<void> {
    const target = this.#target;
    const source = target === null ? null : this.#ports.sourceOf(target.pane);
    if (target?.kind !== "question" || source === null) return;
    try {
      await this.#ports.link.ask("decide", { ...source, id: target.id, act }, { limitMs: 600_000 });
    } catch (error) {
      this.tell(error);
    }
  }

  async #copy(as: "markdown" | "json"): Promise<void> {
    const target = this.#target;
    const source = target === null ? null : this.#ports.sourceOf(target.pane);
    if (target === null || source === null) return;
    try {
      await this.#ports.link.ask("copy", { ...source, id: target.id, as }, { limitMs: 60_000 });
      this.#say(this.#ports.words.texts.copied);
    } catch (error) {
      this.tell(error);
    }
  }

  /** Says what went wrong, for a moment. */
  tell(error: unknown): void {
    this.#say(visible(error instanceof Error ? error.message : String(error)));
  }

  /** A short word that goes by itself; on the page, because nothing of this is seen while no record is open. */
  #say(text: string): void {
    const made = element("div", { class: "toast", text, attributes: { role: "status" } });
    (this.element.parentElement ?? this.element).append(made);
    setTimeout(() => made.remove(), 4000);
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") this.#ports.onBack();
    else if (event.altKey && event.key === "ArrowLeft") this.#travel(this.#history.back());
    else if (event.altKey && event.key === "ArrowRight") this.#travel(this.#history.forward());
    else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      if (this.#target !== null) this.#ports.onStep(this.#target.pane, event.key === "ArrowDown" ? 1 : -1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** The index may be a moment behind what was just decided. */
function newer(known: QuestionRow["decision"], found: QuestionRow["decision"]): QuestionRow["decision"] {
  return known !== null && known.seq > (found?.seq ?? 0) ? known : found;
}

function same(a: DetailTarget, b: DetailTarget): boolean {
  return a.pane === b.pane && a.kind === b.kind && a.id === b.id;
}
