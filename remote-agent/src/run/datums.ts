import { createHash } from "node:crypto";
import type { Datum } from "../engine/engine.ts";
import type { TrainingRow } from "../verbs/ports.ts";

/**
 * Training rows as shifted datums: input = ids[:-1], targets = ids[1:], so completion token j stands at prompt − 1 + j.
 * The engine only sums, so the weights of completion tokens make the sum a mean ({@link tokenWeights}).
 */
export function datumsOf(rows: TrainingRow[], microBatch: number | null = null): Datum[] {
  const weights = tokenWeights(rows, microBatch);
  return rows.map((row, at) => {
    const weight = weights[at] as number;
    const length = row.ids.length - 1;
    const first = row.promptTokens - 1;
    const spread = (value: (j: number) => number) =>
      Array.from({ length }, (_, i) => (i < first ? 0 : value(i - first)));
    const { refLogprobs } = row;
    return {
      tokens: Array.from(row.ids.subarray(0, length)),
      targets: Array.from(row.ids.subarray(1)),
      weights: spread(() => weight),
      advantages: spread(() => row.advantage),
      logprobs: spread((j) => row.oldLogprobs[j] ?? 0),
      ...(refLogprobs === undefined ? {} : { refLogprobs: spread((j) => refLogprobs[j] ?? 0) }),
    };
  });
}

/**
 * What each completion token of a row weighs in the loss, one value a row: 1/N over the N completion tokens of the batch; or with
 * micro-batches of so many rows (the last may be smaller) the mean over the tokens of each, then over the micro-batches.
 * A micro-batch without completion tokens counts as one of loss 0.
 */
function tokenWeights(rows: TrainingRow[], microBatch: number | null): number[] {
  const size = Math.max(1, microBatch ?? rows.length);
  const count = Math.ceil(rows.length / size);
  return Array.from({ length: count }, (_, at) => rows.slice(at * size, (at + 1) * size)).flatMap((micro) => {
    const tokens = micro.reduce((total, row) => total + row.ids.length - row.promptTokens, 0);
    return micro.map(() => (tokens === 0 ? 0 : 1 / (tokens * count)));
  });
}

/** Completion tokens of a batch: those that carry a weight. */
export function completionTokensOf(data: Datum[]): number {
  return data.reduce((total, { weights }) => total + weights.reduce((n, weight) => (weight === 0 ? n : n + 1), 0), 0);
}

/** Mean over completion tokens of |log p (now) − log p (as given)|. */
export function meanGap(data: Datum[], logprobs: number[][]): number {
  let sum = 0;
  let count = 0;
  for (const [i, datum] of data.entries()) {
    for (const [at, weight] of datum.weights.entries()) {
      if (weight === 0) continue;
      sum += Math.abs((logprobs[i]?.[at] ?? 0) - (datum.logprobs[at] ?? 0));
      count += 1;
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** SHA-256 over everything of a batch that is sent, in hex. */
export function batchHash(data: Datum[]): string {
  const hash = createHash("sha256");
  for (const datum of data) {
    hash.update(Uint32Array.from(datum.tokens)).update(Uint32Array.from(datum.targets));
    hash.update(Float64Array.from(datum.weights)).update(Float64Array.from(datum.advantages));
    hash.update(Float64Array.from(datum.logprobs));
    if (datum.refLogprobs !== undefined) hash.update(Float64Array.from(datum.refLogprobs));
  }
  return hash.digest("hex");
}
