import { createHash } from "node:crypto";

/** One direction of BLEU, counted as the formula says: hypothesis, reference. RZERO "Repetition penalty". */
export function naiveBleu(hypothesis: readonly string[], reference: readonly string[]): number {
  if (hypothesis.length === 0) return 0;
  let lnSum = 0;
  for (let k = 1; k <= 4; k++) {
    const [own, other] = [gramCounts(hypothesis, k), gramCounts(reference, k)];
    let matches = 0;
    for (const [gram, count] of own) matches += Math.min(count, other.get(gram) ?? 0);
    if (k === 1 && matches === 0) return 0;
    lnSum += Math.log((matches || 0.1) / Math.max(1, hypothesis.length - k + 1));
  }
  const brevity = hypothesis.length > reference.length ? 1 : Math.exp(1 - reference.length / hypothesis.length);
  return brevity * Math.exp(lnSum / 4);
}

function gramCounts(tokens: readonly string[], k: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + k <= tokens.length; at++) {
    const gram = tokens.slice(at, at + k).join("\0");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Distance of two token lists under strict. */
export function naiveStrictDistance(a: readonly string[], b: readonly string[]): number {
  if (a.length > 0 && JSON.stringify(a) === JSON.stringify(b)) return 0;
  return 1 - (naiveBleu(a, b) + naiveBleu(b, a)) / 2;
}

/**
 * The strict clusters by definition, over single copies in the order of their hashes.
 *
 * @returns cluster ids by first appearance, shape [B]
 */
export function naiveStrictClusters(lists: readonly (readonly string[])[], tau: number): number[] {
  const byHash = lists
    .map((tokens, item) => ({ tokens, item, hash: createHash("sha256").update(JSON.stringify(tokens)).digest("hex") }))
    .sort((a, b) => (a.hash === b.hash ? a.item - b.item : a.hash < b.hash ? -1 : 1));
  const clusters = naiveGreedyClusters(
    byHash.length,
    (i, j) => naiveStrictDistance(byHash[i]!.tokens, byHash[j]!.tokens),
    tau,
  ).map((members) => members.map((at) => byHash[at]!.item));
  const ids = new Map<number, number>();
  return lists.map((_, item) => {
    const cluster = clusters.findIndex((members) => members.includes(item));
    if (!ids.has(cluster)) ids.set(cluster, ids.size);
    return ids.get(cluster)!;
  });
}

/** Every step averages all pairs anew and merges the first nearest pair, of several within 1e-12 the first in order. */
export function naiveGreedyClusters(
  n: number,
  distance: (i: number, j: number) => number,
  tau: number,
): (readonly number[])[] {
  const clusters = Array.from({ length: n }, (_, i) => [i]);
  for (;;) {
    let best: { i: number; j: number; distance: number } | null = null;
    for (let i = 0; i < clusters.length; i++) {
      for (let j = i + 1; j < clusters.length; j++) {
        const pairs = clusters[i]!.flatMap((a) => clusters[j]!.map((b) => distance(a, b)));
        const average = pairs.reduce((sum, one) => sum + one, 0) / pairs.length;
        if (best === null || average < best.distance - 1e-12) best = { i, j, distance: average };
      }
    }
    if (best === null || !(best.distance < tau)) return clusters;
    clusters[best.i]!.push(...clusters[best.j]!);
    clusters.splice(best.j, 1);
  }
}
