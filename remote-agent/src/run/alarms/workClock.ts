/** When a run's work last recorded something, and how long its slowest steps take; in milliseconds that never go back. */
export class WorkClock {
  #last: number;
  /** The two longest times between records, the longest first: the longest alone may have been a stall. */
  #longest: [number, number] = [0, 0];

  constructor(now: number) {
    this.#last = now;
  }

  get last(): number {
    return this.#last;
  }

  get usualLongest(): number {
    return this.#longest[1];
  }

  /** Work was recorded. */
  worked(now: number): void {
    const gap = now - this.#last;
    this.#last = now;
    const [first, second] = this.#longest;
    this.#longest = gap > first ? [gap, first] : [first, Math.max(second, gap)];
  }

  /** Nobody expects any work. */
  rests(now: number): void {
    this.#last = now;
  }
}
