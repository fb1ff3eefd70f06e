import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { QuestionSort } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { ColumnId } from "../../../src/panels/inspector/messages.ts";
import { element } from "../../ui/dom.ts";
import { filled, type Words } from "../words.ts";
import { type Column, columnsOf } from "./columns.ts";
import { moved } from "./keys.ts";

const ROW_PX = 24;
const HEAD_PX = 26;
const OVERSCAN = 4;
/** Browsers draw nothing below some 33 million pixels. */
export const MOST_ROWS = 1_300_000;
const TEXT_PX = 260;
/** Narrow letters take no less, pixels: longer text could not be seen, and shaping it is most of what a row costs. */
const LETTER_PX = 4;
/** Text is cut at a multiple of it, so that a window that is made a little wider needs no other text. */
const CHARS = 60;

export interface TablePorts {
  readonly words: Words;
  readonly row: (index: number) => QuestionRow | undefined;
  readonly onRange: (first: number, last: number) => void;
  readonly onSort: (column: Column) => void;
  /** The person marked a row. */
  readonly onMark: (index: number) => void;
  /** The person wants to see it. */
  readonly onOpen: (index: number) => void;
  readonly onScroll: (top: number) => void;
}

interface DrawnRow {
  readonly element: HTMLElement;
  /** Which row of the table it is, and its place in the block of rows that move as one. */
  index: number;
  offset: number;
  /** Null: its data is on the way. */
  shown: QuestionRow | null | undefined;
  isMarked: boolean;
}

let tables = 0;

/** A grid of which only the rows in view exist. It is one stop of the tab key; arrows move the marked row. */
export class QuestionTable {
  readonly element: HTMLElement;
  readonly #ports: TablePorts;
  readonly #id = `table${++tables}`;
  readonly #head = element("div", { class: "grid-head", attributes: { role: "rowgroup" } });
  readonly #block = element("div", { class: "grid-block", attributes: { role: "rowgroup" } });
  readonly #body = element("div", { class: "grid-body" }, [this.#block]);
  readonly #rows = new Map<number, DrawnRow>();
  readonly #free: DrawnRow[] = [];
  readonly #virtual: Virtualizer<HTMLElement, HTMLElement>;
  readonly #unmount: () => void;
  #scrolled: (offset: number, isScrolling: boolean) => void = () => undefined;
  #columns: Column[] = [];
  /** The row of the table at offset 0 of the block; even. */
  #base = 0;
  #sort: QuestionSort = { by: "order", descending: false };
  /** A row without content, of which others are copies. */
  #model: HTMLElement | null = null;
  #textChars = CHARS;
  #total = 0;
  #marked: number | null = null;

  constructor(ports: TablePorts, label: string) {
    this.#ports = ports;
    this.element = element(
      "div",
      { class: "grid", attributes: { role: "grid", tabindex: "0", "aria-label": label, "aria-readonly": "true" } },
      [this.#head, this.#body],
    );
    this.#virtual = new Virtualizer<HTMLElement, HTMLElement>({
      count: 0,
      getScrollElement: () => this.element,
      estimateSize: () => ROW_PX,
      overscan: OVERSCAN,
      scrollPaddingEnd: HEAD_PX,
      scrollToFn: elementScroll,
      observeElementRect: (virtual, tell) =>
        observeElementRect(virtual, (rect) => {
          tell(rect);
          this.draw(); // a wider table has the same rows with more text
        }),
      observeElementOffset: (virtual, tell) => {
        this.#scrolled = tell;
        return observeElementOffset(virtual, tell);
      },
      onChange: () => this.draw(),
    });
    this.#unmount = this.#virtual._didMount();
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.#head.addEventListener("keydown", (event) => this.#headKey(event));
    this.#body.addEventListener("mousedown", (event) => this.#click(event));
    this.#body.addEventListener("dblclick", () => this.#marked !== null && this.#ports.onOpen(this.#marked));
  }

  /** Once it is in the page. */
  mounted(): void {
    this.#virtual._willUpdate();
  }

  close(): void {
    this.#unmount();
  }

  /** Which columns, in which order; rows that are there stay until others have come. */
  show(ids: readonly ColumnId[], sort: QuestionSort): void {
    const columns = columnsOf(ids);
    this.#sort = sort;
    if (columns.length === this.#columns.length && columns.every((column, i) => column === this.#columns[i])) {
      this.#drawSort();
      return;
    }
    this.#columns = columns;
    this.#drawHead();
    const widths = this.#columns.map(({ width }) => (width === null ? `minmax(${TEXT_PX}px, 1fr)` : `${width}px`));
    this.element.style.setProperty("--columns", widths.join(" "));
    const least = this.#columns.reduce((sum, { width }) => sum + (width ?? TEXT_PX), 0);
    this.element.style.setProperty("--least", `${least}px`);
    this.element.setAttribute("aria-colcount", String(this.#columns.length));
    for (const { element: row } of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#model = null;
    this.draw();
  }

  /** Whether other rows than those in view are on the way. */
  busy(isBusy: boolean): void {
    if (isBusy) this.element.setAttribute("aria-busy", "true");
    else this.element.removeAttribute("aria-busy");
  }

  /** `total` rows, of which row `top` is the first in view; null: the scroll position stays. */
  setTotal(total: number, top: number | null): void {
    const count = Math.min(total, MOST_ROWS);
    this.element.setAttribute("aria-rowcount", String(total + 1));
    if (count !== this.#total) {
      this.#total = count;
      this.#virtual.setOptions({ ...this.#virtual.options, count });
      this.#virtual._willUpdate();
      this.#body.style.height = `${count * ROW_PX}px`;
    }
    if (top !== null) {
      this.element.scrollTop = Math.min(top, Math.max(0, count - 1)) * ROW_PX;
      // The event comes a frame later, in which rows of the place before would be drawn and asked.
      this.#scrolled(this.element.scrollTop, false);
    }
    this.draw();
  }

  mark(index: number | null): void {
    this.#marked = index;
    this.draw();
  }

  get marked(): number | null {
    return this.#marked;
  }

  scrollTo(index: number): void {
    this.#virtual.scrollToIndex(index, { align: "auto" });
  }

  /** Brings the rows in the page to what is in view and at hand. */
  draw(): void {
    this.#fit();
    const items = this.#virtual.getVirtualItems();
    const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
    this.#ports.onRange(first, last);
    this.#place(first, Math.min(last, this.#total - 1));
    for (const { index } of items) if (index < this.#total) this.#drawRow(index);
    for (const { element: row } of this.#free.splice(0)) row.remove();
    const active = this.#marked === null ? undefined : this.#rows.get(this.#marked);
    if (active === undefined) this.element.removeAttribute("aria-activedescendant");
    else this.element.setAttribute("aria-activedescendant", active.element.id);
    this.#ports.onScroll(Math.floor((this.#virtual.scrollOffset ?? 0) / ROW_PX));
  }

  /**
   * Rows that have left the view become those that enter it. Where all have, as when the scroll bar is drawn, the block that holds them moves
   * and they stay where they are in it: to the browser that is the change of one element.
   */
  #place(first: number, last: number): void {
    const rows = [...this.#rows.values()];
    const isIn = ({ index }: { index: number }) => index >= first && index <= last;
    if (rows.length > 0 && !rows.some(isIn)) {
      const least = Math.min(...rows.map(({ offset }) => offset));
      this.#base = (first - least) & ~1; // every other row has another background
      this.#block.style.transform = `translateY(${this.#base * ROW_PX}px)`;
      this.#rows.clear();
      for (const row of rows) {
        const index = this.#base + row.offset;
        if (isIn({ index })) this.#rows.set(index, row);
        else this.#free.push(row);
      }
      return;
    }
    for (const row of rows) {
      if (isIn(row)) continue;
      this.#free.push(row);
      this.#rows.delete(row.index);
    }
  }

  /** How much text the widest column shows; a wider one gets the rest of it. */
  #fit(): void {
    const fixed = this.#columns.reduce((sum, { width }) => sum + (width ?? 0), 0);
    const room = Math.max(TEXT_PX, (this.#virtual.scrollRect?.width ?? 0) - fixed);
    const chars = CHARS * Math.ceil(room / LETTER_PX / CHARS);
    if (chars > this.#textChars) for (const row of this.#rows.values()) row.shown = undefined;
    this.#textChars = chars;
  }

  #drawRow(index: number): void {
    const data = this.#ports.row(index) ?? null;
    let row = this.#rows.get(index);
    if (row === undefined) {
      row = this.#free.pop() ?? this.#newRow();
      this.#rows.set(index, row);
    }
    const { element: drawn } = row;
    if (row.index !== index) {
      row.index = index;
      drawn.dataset["index"] = String(index);
      drawn.setAttribute("aria-rowindex", String(index + 2));
    }
    const offset = index - this.#base;
    if (row.offset !== offset) {
      row.offset = offset;
      drawn.style.transform = `translateY(${offset * ROW_PX}px)`;
      drawn.classList.toggle("odd", index % 2 === 1);
    }
    if (row.shown !== data) {
      row.shown = data;
      this.#fill(drawn, data);
    }
    const isMarked = index === this.#marked;
    if (isMarked) drawn.id = `${this.#id}-${index}`;
    if (isMarked !== row.isMarked) {
      row.isMarked = isMarked;
      drawn.setAttribute("aria-selected", String(isMarked));
      if (!isMarked) drawn.removeAttribute("id");
    }
  }

  #newRow(): DrawnRow {
    this.#model ??= element(
      "div",
      { class: "row", attributes: { role: "row", "aria-selected": "false" } },
      this.#columns.map(() => element("div", { attributes: { role: "gridcell" } })),
    );
    const made = this.#model.cloneNode(true) as HTMLElement;
    this.#block.append(made);
    return { element: made, index: -1, offset: Number.NaN, shown: undefined, isMarked: false };
  }

  /** A row that waits covers what its cells had (`inspector.css`): nothing is written that the row itself will write over. */
  #fill(row: HTMLElement, data: QuestionRow | null): void {
    row.classList.toggle("pending", data === null);
    if (data === null) {
      row.setAttribute("aria-hidden", "true");
      return;
    }
    row.removeAttribute("aria-hidden");
    for (const [i, column] of this.#columns.entries()) {
      const cell = row.children[i];
      if (!(cell instanceof HTMLElement)) continue;
      const look = column.look?.(data) ?? "";
      // Only what is another one is written: each write costs the browser the style and place of the cell.
      const name = `cell ${column.isNumber ? "number" : column.id} ${look}`;
      if (cell.className !== name) cell.className = name;
      const text = visible(column.text(data, this.#ports.words.texts, this.#textChars));
      const held = cell.firstChild;
      if (!(held instanceof Text)) cell.textContent = text;
      else if (held.data !== text) held.data = text;
      if (look === "share") cell.style.setProperty("--share", `${100 * (data.share ?? 0)}%`);
    }
  }

  #drawHead(): void {
    const heads = this.#columns.map((column, i) => {
      const tip = filled(this.#ports.words.texts.sortBy, { column: this.#ports.words.columnTips[column.id] });
      const button = element("button", { attributes: { title: tip, tabindex: i === 0 ? "0" : "-1" } });
      button.addEventListener("click", () => this.#ports.onSort(column));
      return element(
        "div",
        { class: `head-cell ${column.isNumber ? "number" : ""}`, attributes: { role: "columnheader" } },
        [button],
      );
    });
    const row = element("div", { class: "row head", attributes: { role: "row", "aria-rowindex": "1" } }, heads);
    this.#head.replaceChildren(row);
    this.#drawSort();
  }

  #drawSort(): void {
    for (const [i, head] of [...this.#head.querySelectorAll(".head-cell")].entries()) {
      const column = this.#columns[i];
      const button = head.querySelector("button");
      if (column === undefined || button === null) continue;
      const { by, descending } = this.#sort;
      if (by === column.sort) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      button.textContent = `${this.#ports.words.columns[column.id]}${by === column.sort ? (descending ? " ↓" : " ↑") : ""}`;
    }
  }

  #click(event: MouseEvent): void {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>(".row") : null;
    if (row === null) return;
    const index = Number(row.dataset["index"]);
    this.mark(index);
    this.#ports.onMark(index);
  }

  /** The heads of columns are one stop of the tab key, too. */
  #headKey(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const buttons = [...this.#head.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step];
    if (next === undefined) return;
    event.preventDefault();
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.element || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") {
      if (this.#marked !== null) this.#ports.onOpen(this.#marked);
      event.preventDefault();
      return;
    }
    const page = Math.max(1, Math.floor((this.element.clientHeight - HEAD_PX) / ROW_PX) - 1);
    const to = moved(event.key, this.#marked, this.#total, page);
    if (to === null) return;
    event.preventDefault();
    this.mark(to);
    this.scrollTo(to);
    this.#ports.onMark(to);
  }
}
