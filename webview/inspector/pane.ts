import { visible } from "../../remote-agent/src/modelText/visible.ts";
import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionView } from "../../remote-agent/src/protocol/review.ts";
import { SCREEN_ROWS } from "../../src/panels/inspector/firstQuestions.ts";
import {
  type ColumnId,
  type InspectorContract,
  type PaneState,
  type RunFacts,
  usualColumns,
} from "../../src/panels/inspector/messages.ts";
import type { HostLink } from "../base/hostLink.ts";
import { button, textField } from "../ui/controls.ts";
import { element } from "../ui/dom.ts";
import { focusIfHere } from "../ui/focus.ts";
import { messageView, stalenessLine } from "../ui/states.ts";
import { FilterBar } from "./filter/filterBar.ts";
import { searched, sortedBy } from "./filter/queryState.ts";
import { StepSlider } from "./filter/stepSlider.ts";
import { RowSource } from "./table/rowSource.ts";
import { MOST_ROWS, QuestionTable } from "./table/table.ts";
import { count, filled, type Words } from "./words.ts";

const SEARCH_MS = 250;
const LOOK_MS = 2000;

export interface PanePorts {
  readonly link: HostLink<InspectorContract>;
  readonly words: Words;
  /** Buttons of the first pane that act on the whole page. */
  readonly tools: readonly HTMLElement[];
  /** The person changed what is shown; `search` when it was the search that a pane beside it follows. */
  readonly onState: (state: PaneState, what: "source" | "search" | "other") => void;
  readonly onMark: (row: QuestionRow, opens: boolean) => void;
}

/** One table with its search, filters and state. */
export class Pane {
  readonly element = element("section", { class: "pane" });
  readonly #ports: PanePorts;
  readonly #table: QuestionTable;
  readonly #filters: FilterBar;
  readonly #slider: StepSlider;
  readonly #search: ReturnType<typeof textField>;
  readonly #runButton: HTMLButtonElement;
  readonly #stale = element("div");
  readonly #status = element("span", { class: "status-text", attributes: { role: "status" } });
  readonly #newer: HTMLElement;
  readonly #message = element("div", { class: "pane-message" });
  #state: PaneState;
  #columns: readonly ColumnId[] = usualColumns;
  #source: RowSource | null = null;
  /** Whose rows are in view: those of the query before, until the first of the new one are there. */
  #inView: RowSource | null = null;
  #facts: RunFacts | null = null;
  #searching: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setTimeout> | undefined;
  /** Row to scroll to once there are rows. */
  #due: number | null = null;
  #shown = "";
  #run = "";
  /** The table has the focus once there are rows, unless the person has gone elsewhere in the page meanwhile. */
  #focusDue: { readonly from: Element | null } | null = null;

  constructor(state: PaneState, ports: PanePorts) {
    this.#ports = ports;
    this.#state = state;
    const { texts } = ports.words;
    this.#runButton = element("button", { class: "run-button", attributes: { title: texts.chooseRun } });
    this.#runButton.addEventListener("click", () => void this.#pickRun());
    this.#search = textField({
      label: texts.search,
      placeholder: texts.searchHint,
      onInput: (typed) => this.#type(typed),
    });
    this.#search.element.classList.add("search");
    this.#search.element.addEventListener("keydown", (event) => this.#searchKey(event));
    this.#filters = new FilterBar({
      words: ports.words,
      facets: (filter, facets, signal) => ports.link.ask("facets", { ...this.#ref(), filter, facets }, { signal }),
      onFilter: (filter) => this.#change({ filter }),
    });
    this.#slider = new StepSlider({
      words: ports.words,
      onFilter: (filter) => this.#change({ filter }),
    });
    this.#newer = button({ label: "", look: "primary", onClick: () => this.#source?.takeNewer() });
    this.#newer.classList.add("newer");
    this.#table = new QuestionTable(
      {
        words: ports.words,
        row: (index) => this.#inView?.row(index),
        onRange: (first, last) => this.#inView === this.#source && this.#source?.want(first, last),
        onSort: (column) =>
          this.#change({
            sort: sortedBy(
              this.#state.sort,
              column.sort,
              column.isNumber && column.id !== "iteration" && column.id !== "step",
            ),
          }),
        onMark: (index) => this.#marked(index, false),
        onOpen: (index) => this.#marked(index, true),
        onScroll: (top) => this.#scrolled(top),
      },
      texts.questions,
    );
    const bar = element("div", { class: "bar" }, [this.#runButton, this.#search.element, ...ports.tools]);
    const status = element("div", { class: "status" }, [this.#status, this.#newer]);
    this.element.append(
      bar,
      this.#filters.element,
      this.#slider.element,
      this.#stale,
      this.#message,
      this.#table.element,
      status,
    );
  }

  mounted(): void {
    this.#table.mounted();
    this.#show(true);
  }

  get state(): PaneState {
    return this.#state;
  }

  setColumns(columns: readonly ColumnId[]): void {
    this.#columns = columns;
    this.#table.show(columns, this.#state.sort);
  }

  /** Another place, not by the person's hand in this pane. */
  go(state: PaneState): void {
    const isOther =
      JSON.stringify([state.source, state.filter, state.sort]) !==
      JSON.stringify([this.#state.source, this.#state.filter, this.#state.sort]);
    this.#state = state;
    this.#show(isOther);
  }

  facts(facts: RunFacts): void {
    if (facts.host !== this.#state.source?.host || facts.run !== this.#state.source.run) return;
    const cameBack = this.#facts !== null && this.#facts.link.kind !== "connected" && facts.link.kind === "connected";
    const wasUnknown = this.#facts === null;
    this.#facts = facts;
    if (cameBack || wasUnknown) this.#source?.retry();
    if (cameBack) this.grown();
    this.#slider.show(this.#state.filter, facts.stages);
    this.#draw();
  }

  /** The run has written more: counts what is new, at most every other second. */
  grown(): void {
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      void this.#source?.look();
    }, LOOK_MS);
  }

  /** Somebody decided on questions: rows that are shown say so at once, whatever the filter lets in stays until it is asked again. */
  decided(decisions: readonly DecisionView[]): void {
    const newest = new Map(decisions.map((decision) => [decision.task, decision]));
    for (const rows of new Set([this.#source, this.#inView])) {
      rows?.patch((row) => {
        const decision = row.task === null ? undefined : newest.get(row.task);
        return decision === undefined || (row.decision !== null && row.decision.seq >= decision.seq)
          ? row
          : { ...row, decision };
      });
    }
  }

  focusSearch(): void {
    this.#focusDue = null;
    this.#search.element.focus();
  }

  /** Once there are rows, where they are still on the way. */
  focusTable(): void {
    this.#focusDue = this.#table.element.hidden ? { from: document.activeElement } : null;
    if (this.#focusDue === null) focusIfHere(this.#table.element);
  }

  /** The question beside the marked one; null at an end or where rows are still on the way. */
  step(by: 1 | -1): QuestionRow | null {
    const to = (this.#table.marked ?? -1) + by;
    const row = this.#inView?.row(to);
    if (row === undefined) return null;
    this.#table.mark(to);
    this.#table.scrollTo(to);
    this.#keep({ selected: row.id });
    return row;
  }

  close(): void {
    clearTimeout(this.#searching);
    clearTimeout(this.#looking);
    this.#source?.close();
    this.#table.close();
    this.element.remove();
  }

  #ref() {
    return this.#state.source ?? { host: "", run: "" };
  }

  #change(part: Partial<PaneState>, what: "search" | "other" = "other"): void {
    this.#state = { ...this.#state, ...part, at: 0 };
    this.#show(true);
    this.#ports.onState(this.#state, what);
  }

  #keep(part: Partial<PaneState>): void {
    this.#state = { ...this.#state, ...part };
    this.#ports.onState(this.#state, "other");
  }

  #show(isOther: boolean): void {
    const { source, filter, sort, at } = this.#state;
    if (this.#facts !== null && (this.#facts.host !== source?.host || this.#facts.run !== source.run))
      this.#facts = null;
    this.#filters.show(filter);
    this.#slider.show(filter, this.#facts?.stages ?? []);
    if ((filter.text ?? "") !== this.#search.value().trim()) this.#search.set(filter.text ?? "");
    if (isOther) {
      this.#source?.close();
      this.#source =
        source === null
          ? null
          : new RowSource(
              { filter, sort },
              {
                ask: (query, signal) => this.#ports.link.ask("questions", { ...source, query }, { signal }),
                changed: () => this.#changed(),
                isLive: () => this.#facts?.live === true,
              },
            );
      // Rows of another run are not those of this one; rows of another query stay until the first of this one have come.
      const run = JSON.stringify([source?.host, source?.run]);
      if (run !== this.#run || this.#inView?.total == null) this.#inView = this.#source;
      this.#run = run;
      this.#due = at;
      this.#table.show(this.#columns, sort);
      if (this.#inView === this.#source) this.#table.mark(null);
      this.#table.busy(this.#inView !== this.#source);
    }
    this.#source?.want(at, at + SCREEN_ROWS);
    this.#draw();
  }

  #changed(): void {
    const source = this.#source;
    const total = source?.total ?? null;
    if (this.#inView !== source && (total !== null || source?.failed != null)) {
      this.#inView = source;
      this.#table.mark(null);
      this.#table.busy(false);
    }
    this.#draw(); // a table that is hidden cannot be scrolled
    if (total === null) return;
    this.#table.setTotal(total, this.#due);
    this.#due = null;
    if (this.#table.marked === null && this.#state.selected !== null) {
      const at = source?.find(this.#state.selected) ?? null;
      if (at !== null) this.#table.mark(at);
    }
  }

  #draw(): void {
    const { texts } = this.#ports.words;
    const source = this.#source;
    const name =
      this.#facts === null ? texts.chooseRun : `${visible(this.#facts.name)} · ${visible(this.#facts.hostName)}`;
    if (this.#runButton.textContent !== name) this.#runButton.textContent = name;
    const link = this.#facts?.link;
    const isApart = link !== undefined && link.kind !== "connected";
    const isStale = isApart && source?.total != null;
    if (isStale || this.#stale.childElementCount > 0)
      this.#stale.replaceChildren(
        ...(isStale
          ? [
              stalenessLine(
                filled(texts.stale, {
                  time: link.lastHeard === null ? "–" : new Date(link.lastHeard).toLocaleTimeString(),
                  why: visible(link.why ?? ""),
                }),
              ),
            ]
          : []),
      );
    const total = source?.total ?? null;
    const message = this.#messageOf(isApart);
    const key = message === null ? "" : JSON.stringify(message);
    if (key !== this.#shown) {
      this.#shown = key;
      this.#message.replaceChildren(...(message === null ? [] : [messageView(message)]));
    }
    this.#table.element.hidden = message !== null;
    if (this.#focusDue !== null && message === null) {
      const now = document.activeElement;
      const isStill = now === this.#focusDue.from || now === null || now === document.body;
      this.#focusDue = null;
      if (isStill) focusIfHere(this.#table.element);
    }
    const index = source?.index;
    const parts = [
      total === null ? "" : filled(total === 1 ? texts.oneQuestion : texts.nQuestions, { n: total }),
      total !== null && total > MOST_ROWS ? filled(texts.tooMany, { n: MOST_ROWS }) : "",
      index?.current === false ? texts.indexing : "",
      index?.problem == null ? "" : visible(index.problem),
      (index?.missingTexts ?? 0) > 0 ? filled(texts.missingTexts, { n: index?.missingTexts ?? 0 }) : "",
    ];
    const status = parts.filter((part) => part !== "").join(" · ");
    if (this.#status.textContent !== status) this.#status.textContent = status;
    const newer = source?.newer ?? 0;
    this.#newer.hidden = newer === 0;
    if (newer > 0) this.#newer.textContent = filled(newer === 1 ? texts.oneNewer : texts.nNewer, { n: count(newer) });
  }

  #messageOf(isApart: boolean): Parameters<typeof messageView>[0] | null {
    const { texts, loading, failed, retry } = this.#ports.words;
    const source = this.#source;
    if (source === null) {
      return {
        kind: "disconnected",
        title: texts.noRun,
        detail: texts.noRunHint,
        action: { label: texts.chooseRun, run: () => void this.#pickRun() },
      };
    }
    if (source.total === null) {
      if (isApart)
        return {
          kind: "disconnected",
          title: texts.notConnected,
          detail: visible(this.#facts?.link.why ?? texts.notConnectedHint),
        };
      if (source.failed !== null) {
        const detail = visible(source.failed instanceof Error ? source.failed.message : String(source.failed));
        return { kind: "error", title: failed, detail, action: { label: retry, run: () => source.retry() } };
      }
      return this.#inView === source ? { kind: "loading", title: loading } : null;
    }
    if (source.failed !== null && !isApart && source.row(this.#state.at) === undefined && source.total > 0) {
      const detail = visible(source.failed instanceof Error ? source.failed.message : String(source.failed));
      return { kind: "error", title: failed, detail, action: { label: retry, run: () => source.retry() } };
    }
    if (source.total > 0) return null;
    if (source.index?.current === false && this.#facts?.live !== true)
      return { kind: "loading", title: texts.building };
    return Object.keys(this.#state.filter).length === 0
      ? { kind: "empty", title: texts.noQuestions, detail: texts.noQuestionsHint }
      : { kind: "empty", title: texts.nothingFits, detail: texts.nothingFitsHint };
  }

  #marked(index: number, opens: boolean): void {
    const row = this.#inView?.row(index);
    if (row === undefined) return;
    this.#keep({ selected: row.id });
    this.#ports.onMark(row, opens);
  }

  #scrolled(top: number): void {
    if (top === this.#state.at || this.#due !== null) return;
    this.#state = { ...this.#state, at: top };
    this.#ports.onState(this.#state, "other");
  }

  #type(typed: string): void {
    this.#focusDue = null;
    clearTimeout(this.#searching);
    this.#searching = setTimeout(() => this.search(typed), SEARCH_MS);
  }

  /** Searches, unless that is what is shown. */
  search(typed: string): void {
    const filter = searched(this.#state.filter, typed);
    if (filter.text !== this.#state.filter.text) this.#change({ filter }, "search");
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.#search.value() !== "") {
      this.#search.set("");
      this.search("");
    } else if (event.key === "Enter" || event.key === "ArrowDown" || event.key === "Escape") {
      clearTimeout(this.#searching);
      this.search(this.#search.value());
      this.focusTable();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #pickRun(): Promise<void> {
    const source = await this.#ports.link.ask("pickRun", {}, { limitMs: 300_000 });
    if (source === null) return;
    this.#state = { ...this.#state, source, at: 0, selected: null };
    this.#show(true);
    this.#ports.onState(this.#state, "source");
  }
}
