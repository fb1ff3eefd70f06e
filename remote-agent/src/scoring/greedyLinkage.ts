import { condensedIndex } from "./bleu.ts";

/** Distances this close are one distance: rounding must not decide which pair merges. */
const tieTolerance = 1e-12;

/**
 * Average-linkage clusters by definition: while the smallest average distance is strictly below tau, merge the pair that has it;
 * of several within 1e-12, the first in item order (a cluster stands at the place of its first item).
 *
 * @param distances condensed, [n(n − 1)/2]; overwritten
 * @param multiplicity how often each item stands in the batch, [n]: averages run over copies
 * @returns for each item the smallest item of its cluster, shape [n]
 */
export function greedyLinkage(distances: Float64Array, multiplicity: Int32Array, tau: number): Int32Array {
  const n = multiplicity.length;
  const size = multiplicity.slice();
  const owner = Int32Array.from({ length: n }, (_, i) => i);
  const nearest = new NearestAfter(distances, size);
  for (;;) {
    const smallest = nearest.smallest();
    if (!(smallest < tau)) return resolve(owner);
    const [kept, gone] = nearest.firstPairUpTo(smallest + tieTolerance);
    merge(distances, size, kept, gone);
    owner[gone] = kept;
    nearest.merged(kept, gone);
  }
}

function merge(distances: Float64Array, size: Int32Array, kept: number, gone: number): void {
  const n = size.length;
  const [sizeKept, sizeGone] = [size[kept]!, size[gone]!];
  size[kept] = sizeKept + sizeGone;
  size[gone] = 0;
  for (let i = 0; i < n; i++) {
    if (size[i] === 0 || i === kept) continue;
    const at = condensedIndex(n, Math.min(i, kept), Math.max(i, kept));
    const other = condensedIndex(n, Math.min(i, gone), Math.max(i, gone));
    const sum = sizeKept * distances[at]! + sizeGone * distances[other]!;
    distances[at] = sum / (sizeKept + sizeGone);
  }
}

function resolve(owner: Int32Array): Int32Array {
  // An owner is smaller than what it absorbed, so one ascending pass resolves every chain.
  for (let i = 0; i < owner.length; i++) owner[i] = owner[owner[i] as number]!;
  return owner;
}

/** For each live row i the nearest live item after i: the pair search costs O(n) a merge, and only rows that lost theirs rescan. */
class NearestAfter {
  readonly #distances: Float64Array;
  readonly #size: Int32Array;
  readonly #item: Int32Array;
  readonly #distance: Float64Array;

  constructor(distances: Float64Array, size: Int32Array) {
    this.#distances = distances;
    this.#size = size;
    this.#item = new Int32Array(size.length);
    this.#distance = new Float64Array(size.length);
    for (let i = 0; i < size.length; i++) this.#rescan(i);
  }

  smallest(): number {
    let smallest = Number.POSITIVE_INFINITY;
    for (const distance of this.#distance) if (distance < smallest) smallest = distance;
    return smallest;
  }

  firstPairUpTo(limit: number): [first: number, second: number] {
    const n = this.#size.length;
    const first = this.#distance.findIndex((distance) => distance <= limit);
    let second = first + 1;
    let at = condensedIndex(n, first, second);
    while (this.#size[second] === 0 || this.#distances[at]! > limit) {
      second++;
      at++;
    }
    return [first, second];
  }

  merged(kept: number, gone: number): void {
    const n = this.#size.length;
    this.#distance[gone] = Number.POSITIVE_INFINITY;
    for (let i = 0; i < gone; i++) {
      if (this.#size[i] === 0) continue;
      if (i === kept || this.#item[i] === kept || this.#item[i] === gone) {
        this.#rescan(i);
      } else if (i < kept) {
        const distance = this.#distances[condensedIndex(n, i, kept)]!;
        if (distance < this.#distance[i]!) {
          this.#distance[i] = distance;
          this.#item[i] = kept;
        }
      }
    }
  }

  #rescan(i: number): void {
    const n = this.#size.length;
    let item = -1;
    let smallest = Number.POSITIVE_INFINITY;
    for (let j = i + 1, at = condensedIndex(n, i, i + 1); j < n; j++, at++) {
      if (this.#size[j] !== 0 && this.#distances[at]! < smallest) {
        smallest = this.#distances[at]!;
        item = j;
      }
    }
    this.#item[i] = item;
    this.#distance[i] = smallest;
  }
}
