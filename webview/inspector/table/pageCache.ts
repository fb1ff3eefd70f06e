import { PAGE_ROWS, pagesOf } from "../../../src/panels/inspector/firstQuestions.ts";

/**
 * The rows of one query that are at hand, by page. It holds at most so many pages: those that were wanted longest ago go first, and
 * never one that is wanted now.
 */
export class PageCache<R> {
  readonly #pages = new Map<number, readonly R[]>(); // in order of use
  /** Pages that are shown until newer ones have come. */
  readonly #old = new Set<number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#pages.size;
  }

  put(page: number, rows: readonly R[]): void {
    this.#old.delete(page);
    this.#pages.delete(page);
    this.#pages.set(page, rows);
    this.#evict([page]);
  }

  /** Whether the page is there, and newest. */
  has(page: number): boolean {
    return this.#pages.has(page) && !this.#old.has(page);
  }

  row(index: number): R | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** The pages that rows `first` to `last` need and that are not there, nearest to the middle first. All of them become the newest. */
  missing(first: number, last: number): number[] {
    const wanted = pagesOf(first, last);
    const missing: number[] = [];
    for (const page of wanted) {
      const rows = this.#pages.get(page);
      if (rows === undefined || this.#old.has(page)) missing.push(page);
      if (rows !== undefined) {
        this.#pages.delete(page);
        this.#pages.set(page, rows);
      }
    }
    this.#evict(wanted);
    const middle = (first + last) / 2 / PAGE_ROWS - 0.5;
    return missing.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  }

  /** Row number of the first row at hand that fits; null when none does. */
  find(fits: (row: R) => boolean): number | null {
    for (const [page, rows] of this.#pages) {
      const at = rows.findIndex(fits);
      if (at >= 0) return page * PAGE_ROWS + at;
    }
    return null;
  }

  patch(change: (row: R) => R): void {
    for (const [page, rows] of this.#pages) this.#pages.set(page, rows.map(change));
  }

  /** All pages but these are of before: they are missing, and shown meanwhile. */
  outdate(but: readonly number[] = []): void {
    for (const page of this.#pages.keys()) if (!but.includes(page)) this.#old.add(page);
  }

  #evict(wanted: readonly number[]): void {
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= this.#most) break;
      if (wanted.includes(page)) continue;
      this.#pages.delete(page);
      this.#old.delete(page);
    }
  }
}
