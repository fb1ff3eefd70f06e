/** An answer that came before it was asked for is of no use for longer. */
const KEPT_MS = 3000;

/** Answers that the host sent before they were asked for, by what they answer. Each is kept for its own time, and taken once. */
export class EarlyAnswers {
  readonly #answers = new Map<string, { readonly value: unknown }>();

  get size(): number {
    return this.#answers.size;
  }

  add(key: string, value: unknown): void {
    const answer = { value };
    this.#answers.set(key, answer);
    setTimeout(() => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
    }, KEPT_MS);
  }

  /** Undefined where there is none. */
  take(key: string): { readonly value: unknown } | undefined {
    const answer = this.#answers.get(key);
    this.#answers.delete(key);
    return answer;
  }
}
