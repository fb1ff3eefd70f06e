import { forEachOverlap, maxOrder } from "./overlap.ts";

export interface BleuRules {
  /** Mean of both directions, and equal non-empty lists at distance 0. Otherwise the earlier list is the hypothesis. */
  readonly symmetric: boolean;
}

/** Distance of lists i < j that share a token. All other pairs are at distance 1. */
export type DistanceVisitor = (i: number, j: number, distance: number) => void;

/** Position of pair i < j among n items in a condensed matrix (the upper triangle row by row, as SciPy's). */
export function condensedIndex(n: number, i: number, j: number): number {
  return n * i - (i * (i + 1)) / 2 + (j - i - 1);
}

/**
 * 1 − BLEU of all pairs of token lists: nltk's `sentence_bleu([t_j], t_i, smoothing method1)` for i < j, in float64.
 *
 * @returns condensed, shape [n(n − 1)/2]; see {@link condensedIndex}
 */
export function bleuDistances(tokenLists: readonly (readonly string[])[], rules: BleuRules): Float64Array {
  const n = tokenLists.length;
  const distances = new Float64Array((n * (n - 1)) / 2).fill(1);
  forEachDistance(tokenLists, rules, (i, j, distance) => {
    distances[condensedIndex(n, i, j)] = distance;
  });
  return distances;
}

/** Visits the pairs that can be nearer than 1, without holding the matrix. */
export function forEachDistance(
  tokenLists: readonly (readonly string[])[],
  { symmetric }: BleuRules,
  visit: DistanceVisitor,
): void {
  const lengths = Int32Array.from(tokenLists, (list) => list.length);
  const ln = logarithms(lengths.reduce((longest, length) => Math.max(longest, length), 1));
  // Σ_k ln den_k of a hypothesis, den_k = max(1, length − k + 1).
  const lnDenominators = Float64Array.from(lengths, (length) => {
    let total = 0;
    for (let k = 1; k <= maxOrder; k++) total += ln[Math.max(1, length - k + 1)]!;
    return total;
  });
  // BP · exp(¼ Σ ln π_k), with BP = exp(min(0, 1 − |reference| / |hypothesis|)) folded into one exponential.
  const bleu = (lnMatches: number, hypothesis: number, reference: number): number =>
    Math.exp(
      (lnMatches - lnDenominators[hypothesis]!) / maxOrder +
        Math.min(0, 1 - lengths[reference]! / lengths[hypothesis]!),
    );

  forEachOverlap(tokenLists, (i, j, m1, m2, m3, m4) => {
    // ln[0] is ln 0.1: method1 replaces a zero match count by 0.1.
    const lnMatches = ln[m1]! + ln[m2]! + ln[m3]! + ln[m4]!;
    if (!symmetric) visit(i, j, 1 - bleu(lnMatches, i, j));
    else if (sameTokens(tokenLists[i] ?? [], tokenLists[j] ?? [], m1)) visit(i, j, 0);
    else visit(i, j, 1 - (bleu(lnMatches, i, j) + bleu(lnMatches, j, i)) / 2);
  });
}

function logarithms(largest: number): Float64Array {
  return Float64Array.from({ length: largest + 1 }, (_, count) => Math.log(count === 0 ? 0.1 : count));
}

function sameTokens(a: readonly string[], b: readonly string[], unigramMatches: number): boolean {
  return a.length === unigramMatches && a.length === b.length && a.every((token, at) => token === b[at]);
}
