/** Where the person has been, as a browser has it: back and forward, and a new place cuts off what lay ahead. */
export class History<T> {
  readonly #same: (a: T, b: T) => boolean;
  readonly #most: number;
  #places: T[] = [];
  #at = -1;

  constructor(same: (a: T, b: T) => boolean, most = 200) {
    this.#same = same;
    this.#most = most;
  }

  get current(): T | null {
    return this.#places[this.#at] ?? null;
  }

  get canGoBack(): boolean {
    return this.#at > 0;
  }

  get canGoForward(): boolean {
    return this.#at < this.#places.length - 1;
  }

  visit(place: T): void {
    const { current } = this;
    if (current !== null && this.#same(current, place)) return;
    this.#places = [...this.#places.slice(0, this.#at + 1), place].slice(-this.#most);
    this.#at = this.#places.length - 1;
  }

  /** In place of the present one: moving down a list is one place, not a hundred. */
  replace(place: T): void {
    if (this.#at < 0) this.visit(place);
    else this.#places[this.#at] = place;
  }

  back(): T | null {
    if (this.canGoBack) this.#at -= 1;
    return this.current;
  }

  forward(): T | null {
    if (this.canGoForward) this.#at += 1;
    return this.current;
  }
}
