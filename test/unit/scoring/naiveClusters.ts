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

/**
 * The strict clusters by definition, over single copies: every step averages all pairs anew and takes the first nearest pair.
 *
 * @returns cluster ids by first appearance, shape [B]
 */
export function naiveStrictClusters(lists: readonly (readonly string[])[], tau: number): number[] {
  const byHash = lists
    .map((tokens, item) => ({ tokens, item, hash: createHash("sha256").update(JSON.stringify(tokens)).digest("hex") }))
    .sort((a, b) => (a.hash === b.hash ? a.item - b.item : a.hash < b.hash ? -1 : 1));
  const clusters = byHash.map((entry) => [entry]);
  for (;;) {
    let best: { i: number; j: number; distance: number } | null = null;
    for (let i = 0; i < clusters.length; i++) {
      for (let j = i + 1; j < clusters.length; j++) {
        const distance = averageDistance(clusters[i]!, clusters[j]!);
        if (best === null || distance < best.distance - 1e-12) best = { i, j, distance };
      }
    }
    if (best === null || !(best.distance < tau)) break;
    clusters[best.i]!.push(...clusters[best.j]!);
    clusters.splice(best.j, 1);
  }
  const ids = new Map<number, number>();
  return lists.map((_, item) => {
    const cluster = clusters.findIndex((members) => members.some((member) => member.item === item));
    if (!ids.has(cluster)) ids.set(cluster, ids.size);
    return ids.get(cluster)!;
  });
}

interface Entry {
  readonly tokens: readonly string[];
}

function averageDistance(a: readonly Entry[], b: readonly Entry[]): number {
  const all = a.flatMap((x) => b.map((y) => symmetricDistance(x.tokens, y.tokens)));
  return all.reduce((sum, distance) => sum + distance, 0) / all.length;
}

function symmetricDistance(a: readonly string[], b: readonly string[]): number {
  if (a.length > 0 && JSON.stringify(a) === JSON.stringify(b)) return 0;
  return 1 - (naiveBleu(a, b) + naiveBleu(b, a)) / 2;
}
