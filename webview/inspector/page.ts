import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionView, Verdict } from "../../remote-agent/src/protocol/review.ts";
import {
  type DetailTarget,
  emptyPane,
  type InspectorContract,
  type InspectorState,
  type PaneState,
  type ReaskProgress,
  type ReaskState,
  type RunFacts,
  type RunRef,
} from "../../src/panels/inspector/messages.ts";
import type { HostLink } from "../base/hostLink.ts";
import { element } from "../ui/dom.ts";
import { Detail } from "./detail/detail.ts";
import { reviewKey } from "./detail/reviewMenu.ts";
import { Pane } from "./pane/pane.ts";
import { askReport } from "./report.ts";
import { resizer } from "./resizer.ts";
import { prepareMath } from "./text/mathml.ts";
import { tools } from "./tools.ts";
import type { Words } from "./words.ts";

const KEEP_MS = 400;
const FOLLOW_MS = 120;
const FURNISH_MS = 1000;
const PREPARE_MS = 1500;

/** One or two tables and the detail beside them; where the person is goes to the host and outlives the window. */
export class InspectorPage {
  readonly #link: HostLink<InspectorContract>;
  readonly #words: Words;
  readonly #panes = element("div", { class: "panes" });
  readonly #detail: Detail;
  readonly #divider: HTMLElement;
  readonly #root: HTMLElement;
  #state: InspectorState;
  #tables: Pane[] = [];
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #following: ReturnType<typeof setTimeout> | undefined;
  #markedAt = Number.NEGATIVE_INFINITY;

  constructor(root: HTMLElement, link: HostLink<InspectorContract>, words: Words, state: InspectorState) {
    this.#root = root;
    this.#link = link;
    this.#words = words;
    this.#state = state;
    root.classList.add("inspector");
    this.#detail = new Detail({
      link,
      words,
      sourceOf: (pane) => this.#state.panes[pane]?.source ?? null,
      onTarget: (target) => this.#target(target),
      onStep: (pane, by) => this.#step(pane, by),
      onCluster: (pane, row) => this.#cluster(pane, row),
      reask: () => this.#state.reask,
      onReask: (change) => this.#reask(change),
      onBack: () => this.#tables[this.#state.detail?.pane ?? 0]?.focusTable(),
    });
    this.#divider = resizer(root, words.texts.resize);
    root.append(element("h1", { class: "visually-hidden", text: words.texts.questions }), this.#panes);
    setTimeout(() => this.#furnish(), FURNISH_MS);
    setTimeout(prepareMath, PREPARE_MS);
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#build();
  }

  go(state: InspectorState): void {
    const isOther = state.panes.length !== this.#tables.length;
    this.#state = state;
    if (isOther) this.#build();
    else for (const [i, table] of this.#tables.entries()) table.go(state.panes[i] ?? table.state);
    for (const table of this.#tables) table.setColumns(state.columns);
    this.#showDetail();
    if (state.reask.isWanted) this.#detail.reask();
  }

  facts(facts: RunFacts): void {
    for (const table of this.#tables) table.facts(facts);
    if (facts.link.kind === "connected") this.#detail.retry();
  }

  grown(run: RunRef): void {
    this.#detail.grown(run);
    for (const table of this.#tables) {
      if (table.state.source?.host === run.host && table.state.source.run === run.run) table.grown();
    }
  }

  reasking(progress: ReaskProgress): void {
    this.#detail.reasking(progress);
  }

  reasked(run: RunRef): void {
    this.#detail.reasked(run);
  }

  decided({ decisions, ...run }: RunRef & { decisions: readonly DecisionView[] }): void {
    for (const table of this.#tables) {
      if (table.state.source?.host === run.host && table.state.source.run === run.run) table.decided(decisions);
    }
    this.#detail.decided(run, decisions);
  }

  #reask(change: Partial<ReaskState>): void {
    this.#change({ reask: { ...this.#state.reask, ...change } }, change.last !== undefined);
  }

  #build(): void {
    for (const table of this.#tables) table.close();
    const isCompared = this.#state.panes.length === 2;
    this.#root.classList.toggle("compared", isCompared);
    this.#tables = this.#state.panes.map((state, i) => {
      const isLast = i === this.#state.panes.length - 1;
      return new Pane(state, {
        link: this.#link,
        words: this.#words,
        tools: isLast ? this.#tools() : [],
        onState: (changed, what) => this.#paneChanged(i as 0 | 1, changed, what),
        onMark: (row, opens) => this.#marked(i as 0 | 1, row, opens),
      });
    });
    this.#panes.replaceChildren(...this.#tables.map(({ element: own }) => own));
    for (const table of this.#tables) {
      table.setColumns(this.#state.columns);
      table.mounted();
    }
    this.#showDetail();
  }

  #tools(): HTMLElement[] {
    return tools({
      words: this.#words,
      columns: () => this.#state.columns,
      onColumns: (columns) => {
        this.#change({ columns });
        for (const table of this.#tables) table.setColumns(columns);
      },
      isCompared: this.#state.panes.length === 2,
      onCompare: () => this.#compare(),
      onVerdict: (verdict) => void this.#verdictOnAll(verdict),
      onReport: (what) => void askReport(this.#link, this.#state, what, this.#detail),
      isOpen: () => this.#state.detail?.kind === "question",
      onSave: () => void this.#link.ask("saveFilter", this.#query(), { limitMs: 300_000 }),
      onPick: () => void this.#pickFilter(),
    });
  }

  #query() {
    const { filter, sort } = (this.#tables.at(-1)?.state ?? this.#state.panes[0]) as PaneState;
    return { filter, sort };
  }

  /** One verdict for all that the last table lists and that nobody decided on; the person is asked first. */
  async #verdictOnAll(verdict: Verdict): Promise<void> {
    const table = this.#tables.at(-1);
    if (table?.state.source == null) return;
    const { source, filter } = table.state;
    try {
      await this.#link.ask("decideMany", { ...source, filter, verdict }, { limitMs: 3_600_000 });
    } catch (error) {
      this.#detail.tell(error);
    }
  }

  async #pickFilter(): Promise<void> {
    const picked = await this.#link.ask("pickFilter", {}, { limitMs: 300_000 });
    const table = this.#tables.at(-1);
    if (picked === null || table === undefined) return;
    const state = { ...table.state, ...picked, at: 0 };
    table.go(state);
    this.#paneChanged((this.#tables.length - 1) as 0 | 1, state, "other");
  }

  /** A second table beside the first, or the first alone again. */
  #compare(): void {
    const [first, second] = this.#state.panes;
    const panes: InspectorState["panes"] =
      second === undefined ? [first, { ...emptyPane(first.source, first.filter), sort: first.sort }] : [first];
    const detail = this.#state.detail?.pane === 1 ? null : this.#state.detail;
    this.#change({ panes, detail });
    this.#build();
  }

  #paneChanged(i: 0 | 1, changed: PaneState, what: "source" | "search" | "other"): void {
    const panes = this.#state.panes.map((pane, j) => (i === j ? changed : pane)) as InspectorState["panes"];
    this.#change({ panes }, what === "source");
    // Two tables are linked by what is searched for.
    if (what === "search") this.#tables[1 - i]?.search(changed.filter.text ?? "");
    if (what === "source" && this.#state.detail?.pane === i) this.#target(null);
  }

  #marked(pane: 0 | 1, row: QuestionRow, opens: boolean): void {
    const target: DetailTarget = { pane, kind: "question", id: row.id };
    clearTimeout(this.#following);
    const now = performance.now();
    const isFollowing = now - this.#markedAt < FOLLOW_MS;
    this.#markedAt = now;
    const show = () => {
      this.#furnish();
      this.#change({ detail: target });
      this.#detail.show(target, true);
      this.#root.classList.add("detailed");
      if (opens) this.#detail.focus();
    };
    // A key that is held down asks at its first and at its last question.
    if (opens || !isFollowing) show();
    else this.#following = setTimeout(show, FOLLOW_MS);
  }

  /** The host is told at once: its commands are about what the person sees. */
  #target(target: DetailTarget | null): void {
    this.#change({ detail: target }, true);
    if (target === null) this.#showDetail();
  }

  /** The detail comes into the page when it is needed, or once the first rows are there: its controls are half of what a page is made of. */
  #furnish(): void {
    if (!this.#detail.element.isConnected) this.#root.append(this.#divider, this.#detail.element);
  }

  #showDetail(): void {
    const { detail } = this.#state;
    if (detail !== null) this.#furnish();
    this.#root.classList.toggle("detailed", detail !== null);
    const now = this.#detail.target;
    if (detail !== null && detail.id === now?.id && detail.kind === now.kind && detail.pane === now.pane) return;
    this.#detail.show(detail);
    if (detail === null) this.#tables[0]?.focusTable();
  }

  #step(pane: 0 | 1, by: 1 | -1): void {
    const row = this.#tables[pane]?.step(by);
    if (row != null) this.#marked(pane, row, false);
  }

  #cluster(pane: 0 | 1, { batch, cluster }: QuestionRow): void {
    const table = this.#tables[pane];
    if (table === undefined || batch === null || cluster === null) return;
    const state = { ...table.state, filter: { cluster: { batch, cluster } }, at: 0 };
    table.go(state);
    this.#paneChanged(pane, state, "other");
  }

  #change(part: Partial<InspectorState>, isAtOnce = false): void {
    this.#state = { ...this.#state, ...part };
    clearTimeout(this.#keeping);
    const keep = () => this.#link.keep(this.#state);
    if (isAtOnce) keep();
    else this.#keeping = setTimeout(keep, KEEP_MS);
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    const origin = event.composedPath()[0];
    const act = reviewKey(event);
    if (act !== null && !(origin instanceof HTMLInputElement) && this.#state.detail?.kind === "question") {
      event.preventDefault();
      this.#detail.review(act);
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping =
      (origin instanceof HTMLInputElement && origin.type !== "range") || origin instanceof HTMLSelectElement;
    if (event.key === "/" && !isTyping) {
      event.preventDefault();
      const at = this.#tables.findIndex(({ element: own }) => own.contains(document.activeElement));
      this.#tables[Math.max(0, at)]?.focusSearch();
    } else if (event.key === "r" && !isTyping && this.#state.detail?.kind === "question") {
      event.preventDefault();
      this.#detail.reask();
    } else if (event.key === "Escape" && !isTyping && this.#state.detail !== null) this.#target(null);
  }
}
