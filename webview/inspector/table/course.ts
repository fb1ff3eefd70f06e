/** Places without a row in common that follow each other faster than this are no places to read at. */
const RUSH_MS = 45;

/** How the person goes through the rows: where, which way, and whether in a rush, as when a scroll bar is drawn. */
export class Course {
  readonly #onRest: () => void;
  #isGoingUp = false;
  #movedAt = Number.NEGATIVE_INFINITY;
  #rushing: ReturnType<typeof setTimeout> | undefined;
  first = 0;
  last = 0;

  /** `onRest`: the rush has come to its end. */
  constructor(onRest: () => void) {
    this.#onRest = onRest;
  }

  get isGoingUp(): boolean {
    return this.#isGoingUp;
  }

  get isRushing(): boolean {
    return this.#rushing !== undefined;
  }

  go(first: number, last: number): void {
    if (first !== this.first) this.#isGoingUp = first < this.first;
    if (first > this.last || last < this.first) {
      const now = performance.now();
      if (now - this.#movedAt < RUSH_MS) this.#rush();
      this.#movedAt = now;
    }
    this.first = first;
    this.last = last;
  }

  close(): void {
    clearTimeout(this.#rushing);
  }

  #rush(): void {
    clearTimeout(this.#rushing);
    this.#rushing = setTimeout(() => {
      this.#rushing = undefined;
      this.#onRest();
    }, RUSH_MS);
  }
}
