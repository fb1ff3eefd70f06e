import { condensedIndex } from "./bleu.ts";
import { DisjointSets } from "./disjointSets.ts";

/**
 * Average-linkage clusters as scikit-learn gives them for `metric="precomputed", distance_threshold=tau`: SciPy's
 * nearest-neighbour chain, cut below tau. Equal distances are broken as SciPy breaks them, which depends on the order of items.
 *
 * @param distances condensed, [n(n − 1)/2]; overwritten
 * @returns for each item the smallest item of its cluster, shape [n]
 * @see Müllner, arXiv 1109.2378, figure 6
 */
export function chainLinkage(distances: Float64Array, n: number, tau: number): Int32Array {
  const sets = new DisjointSets(n);
  const size = new Int32Array(n).fill(1);
  const chain = new Int32Array(n);
  let length = 0;
  let first = 0;
  for (let merges = 0; merges < n - 1; merges++) {
    if (length === 0) {
      while (size[first] === 0) first++;
      chain[length++] = first;
    }
    let nearest: Neighbour;
    for (;;) {
      const x = chain[length - 1]!;
      const previous = length > 1 ? chain[length - 2]! : -1;
      nearest = nearestNeighbour(distances, size, x, previous);
      if (nearest.item === previous) break;
      chain[length++] = nearest.item;
    }
    const gone = Math.min(chain[length - 1]!, nearest.item);
    const kept = Math.max(chain[length - 1]!, nearest.item);
    length -= 2;
    // Average linkage is monotone, so "cut the tree at tau" is "keep the merges below tau".
    if (nearest.distance < tau) sets.join(gone, kept);
    absorb(distances, size, gone, kept);
  }
  return sets.smallest();
}

interface Neighbour {
  readonly item: number;
  readonly distance: number;
}

/** The nearest live item; the previous one of the chain where it is as near, or the chain could run in a circle. */
function nearestNeighbour(distances: Float64Array, size: Int32Array, x: number, previous: number): Neighbour {
  const n = size.length;
  let item = previous;
  let distance = previous < 0 ? Number.POSITIVE_INFINITY : distances[pairIndex(n, x, previous)]!;
  // Column x above the diagonal (i < x), then row x, which is contiguous.
  for (let i = 0, at = x - 1; i < x; i++, at += n - i - 1) {
    if (size[i] !== 0 && distances[at]! < distance) {
      distance = distances[at]!;
      item = i;
    }
  }
  for (let i = x + 1, at = condensedIndex(n, x, x + 1); i < n; i++, at++) {
    if (size[i] !== 0 && distances[at]! < distance) {
      distance = distances[at]!;
      item = i;
    }
  }
  return { item, distance };
}

function absorb(distances: Float64Array, size: Int32Array, gone: number, kept: number): void {
  const n = size.length;
  const [sizeGone, sizeKept] = [size[gone]!, size[kept]!];
  size[gone] = 0;
  size[kept] = sizeGone + sizeKept;
  for (let i = 0; i < n; i++) {
    if (size[i] === 0 || i === kept) continue;
    const at = pairIndex(n, i, kept);
    const sum = sizeGone * distances[pairIndex(n, i, gone)]! + sizeKept * distances[at]!;
    distances[at] = sum / (sizeGone + sizeKept);
  }
}

function pairIndex(n: number, a: number, b: number): number {
  return a < b ? condensedIndex(n, a, b) : condensedIndex(n, b, a);
}
