/** As long as a person may take to answer. */
const AGREED_MS = 30 * 60_000;
const REMEMBERED = 50;

/**
 * What a person was shown before they let a tool go on. Only what was shown is done: a request whose parameters mean something else by
 * then, or that was never shown, is refused.
 */
export class Agreed {
  readonly #shown = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param what everything that was shown, in a form that is the same for the same */
  show(what: string): void {
    this.#shown.delete(what);
    this.#shown.set(what, this.#now());
    for (const oldest of this.#shown.keys()) {
      if (this.#shown.size <= REMEMBERED) break;
      this.#shown.delete(oldest);
    }
  }

  /** Whether exactly this was shown; once. */
  take(what: string): boolean {
    const at = this.#shown.get(what);
    this.#shown.delete(what);
    return at !== undefined && this.#now() - at <= AGREED_MS;
  }
}
