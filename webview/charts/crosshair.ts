/** Where all charts with the same x look: one place, moved by whichever the person points at. */
export class Crosshair {
  readonly #listeners = new Set<(axis: string, x: number | null) => void>();

  /** @returns how to stop */
  listen(listener: (axis: string, x: number | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Null: nobody points any more. */
  move(axis: string, x: number | null): void {
    for (const listener of this.#listeners) listener(axis, x);
  }
}
