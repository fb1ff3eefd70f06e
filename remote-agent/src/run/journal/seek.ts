/** One remembered record start for so many bytes of a segment. */
const SPACING_BYTES = 65_536;

interface Start {
  readonly seq: number;
  readonly offset: number;
}

/** Where some records of each segment start, learnt while writing and scanning, so that a scan can begin near its goal. */
export class SeekIndex {
  readonly #starts = new Map<number, Start[]>();

  /** Remembers a record's start, unless it lies close to one that is remembered or before the last one. */
  learn(segment: number, seq: number, offset: number): void {
    const starts = this.#starts.get(segment) ?? [];
    if (offset < (starts.at(-1)?.offset ?? 0) + SPACING_BYTES) return;
    starts.push({ seq, offset });
    this.#starts.set(segment, starts);
  }

  /** The last remembered start that is not behind `seq`. */
  before(segment: number, seq: number): Start | undefined {
    const starts = this.#starts.get(segment) ?? [];
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return starts[low - 1];
  }
}
