import { focusIfHere } from "../../ui/focus.ts";

/** Brings the focus to a table: at once, or when it is shown, unless the person has gone elsewhere in the page meanwhile. */
export class TableFocus {
  readonly #table: HTMLElement;
  #due: { readonly from: Element | null } | null = null;

  constructor(table: HTMLElement) {
    this.#table = table;
  }

  ask(): void {
    this.#due = this.#table.hidden ? { from: document.activeElement } : null;
    if (this.#due === null) focusIfHere(this.#table);
  }

  /** The table is shown. */
  arrive(): void {
    if (this.#due === null) return;
    const now = document.activeElement;
    const isStill = now === this.#due.from || now === null || now === document.body;
    this.#due = null;
    if (isStill) focusIfHere(this.#table);
  }

  giveUp(): void {
    this.#due = null;
  }
}
