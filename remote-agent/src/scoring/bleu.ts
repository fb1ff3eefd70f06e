import { forEachOverlap, maxOrder } from "./overlap.ts";

export interface BleuRules {
  /** Mean of both directions, and equal non-empty lists at distance 0. Otherwise the earlier list is the hypothesis. */
  readonly symmetric: boolean;
}

/** Position of pair i < j among n items in a condensed matrix (the upper triangle row by row, as SciPy's). */
export function condensedIndex(n: number, i: number, j: number): number {
  return n * i - (i * (i + 1)) / 2 + (j - i - 1);
}

/**
 * 1 − BLEU of all pairs of token lists (1 where they share no token): nltk's `sentence_bleu([t_j], t_i, smoothing method1)` for i < j, in float64.
 *
 * @returns condensed, shape [n(n − 1)/2]; see {@link condensedIndex}
 */
export function bleuDistances(tokenLists: readonly (readonly string[])[], { symmetric }: BleuRules): Float64Array {
  const n = tokenLists.length;
  const distances = new Float64Array((n * (n - 1)) / 2).fill(1);
  const bleu = bleuOf(tokenLists);
  forEachOverlap(tokenLists, (i, j, m1, m2, m3, m4) => {
    const matches = bleu.lnMatches(m1, m2, m3, m4);
    let distance = 1 - bleu.score(matches, i, j);
    if (symmetric) {
      const same = sameTokens(tokenLists[i]!, tokenLists[j]!, m1);
      distance = same ? 0 : (distance + 1 - bleu.score(matches, j, i)) / 2;
    }
    distances[condensedIndex(n, i, j)] = distance;
  });
  return distances;
}

/** BLEU from match counts; logarithms and denominators of a batch are computed once. */
function bleuOf(tokenLists: readonly (readonly string[])[]) {
  const lengths = Int32Array.from(tokenLists, (list) => list.length);
  // ln[0] is ln 0.1: method1 replaces a zero match count by 0.1.
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  const ln = Float64Array.from({ length: longest + 1 }, (_, count) => Math.log(count === 0 ? 0.1 : count));
  // Σ_k ln den_k of a hypothesis, den_k = max(1, length − k + 1).
  const lnDenominators = Float64Array.from(lengths, (length) => {
    let total = 0;
    for (let k = 1; k <= maxOrder; k++) total += ln[Math.max(1, length - k + 1)]!;
    return total;
  });
  return {
    lnMatches: (m1: number, m2: number, m3: number, m4: number) => ln[m1]! + ln[m2]! + ln[m3]! + ln[m4]!,
    // BP · exp(¼ Σ ln π_k), with BP = exp(min(0, 1 − |reference| / |hypothesis|)) folded into one exponential.
    score: (lnMatches: number, hypothesis: number, reference: number) =>
      Math.exp(
        (lnMatches - lnDenominators[hypothesis]!) / maxOrder +
          Math.min(0, 1 - lengths[reference]! / lengths[hypothesis]!),
      ),
  };
}

function sameTokens(a: readonly string[], b: readonly string[], unigramMatches: number): boolean {
  return a.length === unigramMatches && a.length === b.length && a.every((token, at) => token === b[at]);
}
