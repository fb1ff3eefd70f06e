/** Numbers that are appended one by one, 8 bytes each; NaN stands for “not measured”. */
export class Column {
  #values: Float64Array;
  #length: number;

  constructor(values: readonly (number | null)[] = []) {
    this.#values = new Float64Array(Math.max(64, values.length));
    this.#length = 0;
    for (const value of values) this.push(value ?? Number.NaN);
  }

  get length(): number {
    return this.#length;
  }

  /** What has been appended; a view, until the next `push`. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#values.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** Fills up with NaN. */
  padTo(length: number): void {
    while (this.#length < length) this.push(Number.NaN);
  }

  toJSON(): (number | null)[] {
    return Array.from(this.values, (value) => (Number.isNaN(value) ? null : value));
  }
}
