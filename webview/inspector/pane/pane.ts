import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionView } from "../../../remote-agent/src/protocol/review.ts";
import { SCREEN_ROWS } from "../../../src/panels/inspector/firstQuestions.ts";
import {
  type ColumnId,
  type InspectorContract,
  type PaneState,
  type RunFacts,
  usualColumns,
} from "../../../src/panels/inspector/messages.ts";
import type { HostLink } from "../../base/hostLink.ts";
import { element } from "../../ui/dom.ts";
import { FilterBar } from "../filter/filterBar.ts";
import { searched, sortedBy } from "../filter/queryState.ts";
import { StepSlider } from "../filter/stepSlider.ts";
import type { Column } from "../table/columns.ts";
import type { RowPorts } from "../table/rowSource.ts";
import { QuestionTable } from "../table/table.ts";
import type { Words } from "../words.ts";
import { PaneNotices } from "./paneNotices.ts";
import { PaneRows } from "./paneRows.ts";
import { SearchField } from "./searchField.ts";
import { StatusLine } from "./statusLine.ts";
import { TableFocus } from "./tableFocus.ts";

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
  readonly #rows = new PaneRows();
  readonly #table: QuestionTable;
  readonly #focus: TableFocus;
  readonly #filters: FilterBar;
  readonly #slider: StepSlider;
  readonly #search: SearchField;
  readonly #runButton: HTMLButtonElement;
  readonly #notices: PaneNotices;
  readonly #status: StatusLine;
  #state: PaneState;
  #columns: readonly ColumnId[] = usualColumns;
  #facts: RunFacts | null = null;
  #looking: ReturnType<typeof setTimeout> | undefined;
  /** Row to scroll to once there are rows. */
  #due: number | null = null;

  constructor(state: PaneState, ports: PanePorts) {
    this.#ports = ports;
    this.#state = state;
    const { words } = ports;
    this.#runButton = element("button", { class: "run-button", attributes: { title: words.texts.chooseRun } });
    this.#runButton.addEventListener("click", () => void this.#pickRun());
    this.#search = new SearchField({
      words,
      onType: () => this.#focus.giveUp(),
      onSearch: (typed) => this.search(typed),
      onLeave: () => this.focusTable(),
    });
    this.#filters = new FilterBar({
      words,
      facets: (filter, facets, signal) => ports.link.ask("facets", { ...this.#ref(), filter, facets }, { signal }),
      onFilter: (filter) => this.#change({ filter }),
    });
    this.#slider = new StepSlider({ words, onFilter: (filter) => this.#change({ filter }) });
    this.#notices = new PaneNotices({ words, onPickRun: () => void this.#pickRun() });
    this.#status = new StatusLine(words, () => this.#rows.newest?.takeNewer());
    this.#table = new QuestionTable(
      {
        words,
        row: (index) => this.#rows.inView?.row(index),
        onRange: (first, last) => this.#rows.isCurrent && this.#rows.newest?.want(first, last),
        onSort: (column) => this.#sort(column),
        onMark: (index) => this.#marked(index, false),
        onOpen: (index) => this.#marked(index, true),
        onScroll: (top) => this.#scrolled(top),
      },
      words.texts.questions,
    );
    this.#focus = new TableFocus(this.#table.element);
    this.element.append(
      element("div", { class: "bar" }, [this.#runButton, this.#search.element, ...ports.tools]),
      this.#filters.element,
      this.#slider.element,
      this.#notices.stale,
      this.#notices.message,
      this.#table.element,
      this.#status.element,
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
    if (cameBack || wasUnknown) this.#rows.newest?.retry();
    if (cameBack) this.grown();
    this.#slider.show(this.#state.filter, facts.stages);
    this.#draw();
  }

  /** The run has written more: counts what is new, at most every other second. */
  grown(): void {
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined;
      void this.#rows.newest?.look();
    }, LOOK_MS);
  }

  decided(decisions: readonly DecisionView[]): void {
    this.#rows.decided(decisions);
  }

  focusSearch(): void {
    this.#focus.giveUp();
    this.#search.element.focus();
  }

  /** Once there are rows, where they are still on the way. */
  focusTable(): void {
    this.#focus.ask();
  }

  /** The question beside the marked one; null at an end or where rows are still on the way. */
  step(by: 1 | -1): QuestionRow | null {
    const to = (this.#table.marked ?? -1) + by;
    const row = this.#rows.inView?.row(to);
    if (row === undefined) return null;
    this.#table.mark(to);
    this.#table.scrollTo(to);
    this.#keep({ selected: row.id });
    return row;
  }

  close(): void {
    clearTimeout(this.#looking);
    this.#search.close();
    this.#rows.close();
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
    this.#search.show(filter.text ?? "");
    if (isOther) {
      this.#rows.ask(source, { filter, sort }, this.#rowPorts());
      this.#due = at;
      this.#table.show(this.#columns, sort);
      if (this.#rows.isCurrent) this.#table.mark(null);
      this.#table.busy(!this.#rows.isCurrent);
    }
    this.#rows.newest?.want(at, at + SCREEN_ROWS);
    this.#draw();
  }

  #rowPorts(): RowPorts {
    const ref = this.#ref();
    return {
      ask: (query, signal) => this.#ports.link.ask("questions", { ...ref, query }, { signal }),
      changed: () => this.#changed(),
      isLive: () => this.#facts?.live === true,
    };
  }

  #changed(): void {
    if (this.#rows.arrive()) {
      this.#table.mark(null);
      this.#table.busy(false);
    }
    this.#draw(); // a table that is hidden cannot be scrolled
    const total = this.#rows.newest?.total ?? null;
    if (total === null) return;
    this.#table.setTotal(total, this.#due);
    this.#due = null;
    if (this.#table.marked === null && this.#state.selected !== null) {
      const at = this.#rows.newest?.find(this.#state.selected) ?? null;
      if (at !== null) this.#table.mark(at);
    }
  }

  #draw(): void {
    const { chooseRun } = this.#ports.words.texts;
    const name = this.#facts === null ? chooseRun : `${visible(this.#facts.name)} · ${visible(this.#facts.hostName)}`;
    if (this.#runButton.textContent !== name) this.#runButton.textContent = name;
    const isInPlace = this.#notices.show({ rows: this.#rows, state: this.#state, facts: this.#facts });
    this.#table.element.hidden = isInPlace;
    if (!isInPlace) this.#focus.arrive();
    this.#status.show(this.#rows.newest);
  }

  #sort({ id, sort, isNumber }: Column): void {
    const descends = isNumber && id !== "iteration" && id !== "step";
    this.#change({ sort: sortedBy(this.#state.sort, sort, descends) });
  }

  #marked(index: number, opens: boolean): void {
    const row = this.#rows.inView?.row(index);
    if (row === undefined) return;
    this.#keep({ selected: row.id });
    this.#ports.onMark(row, opens);
  }

  #scrolled(top: number): void {
    if (top === this.#state.at || this.#due !== null) return;
    this.#state = { ...this.#state, at: top };
    this.#ports.onState(this.#state, "other");
  }

  /** Searches, unless that is what is shown. */
  search(typed: string): void {
    const filter = searched(this.#state.filter, typed);
    if (filter.text !== this.#state.filter.text) this.#change({ filter }, "search");
  }

  async #pickRun(): Promise<void> {
    const source = await this.#ports.link.ask("pickRun", {}, { limitMs: 300_000 });
    if (source === null) return;
    this.#state = { ...this.#state, source, at: 0, selected: null };
    this.#show(true);
    this.#ports.onState(this.#state, "source");
  }
}
