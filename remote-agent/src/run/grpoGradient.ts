import type { Datum } from "../engine/engine.ts";

export interface GrpoLoss {
  clipLow: number;
  clipHigh: number;
  dualClip: number;
  kl: number;
}

export interface GrpoGradient {
  /** One datum each, with weights −∂L/∂lp: as `cross_entropy` (−Σ w·lp) they have the gradient of the GRPO loss. */
  data: Datum[];
  /** What the built-in engine's `grpo_kl` reports under the same names. */
  metrics: Record<string, number>;
}

/** The KL estimate is clamped to this size; beyond it has no gradient. */
const KL_LIMIT = 10;

/**
 * The GRPO loss w·(ℓ + β·k3) of docs/engine-api.md (`grpo_kl`) and its exact gradient by each token's log-probability, for
 * engines that have no such loss. `logprobs` are the trainee's now, [datum][position].
 */
export function grpoGradient(data: Datum[], logprobs: number[][], loss: GrpoLoss): GrpoGradient {
  let total = 0;
  let tokens = 0;
  let clipped = 0;
  let kl = 0;
  let largestRatio = 0;
  const weighted = data.map((datum, i) => ({
    ...datum,
    weights: datum.weights.map((weight, at) => {
      if (weight === 0) return 0;
      const token = tokenLoss(datum, at, logprobs[i]?.[at] ?? 0, loss);
      total += weight * (token.surrogate + loss.kl * token.kl);
      tokens += 1;
      clipped += Number(token.clipped);
      kl += token.kl;
      largestRatio = Math.max(largestRatio, token.ratio);
      const gradient = token.surrogateGradient + loss.kl * token.klGradient;
      return gradient === 0 ? 0 : -weight * gradient; // never −0
    }),
  }));
  const metrics: Record<string, number> = { "loss:sum": total };
  if (tokens > 0) {
    metrics["clip_fraction:mean"] = clipped / tokens;
    metrics["kl:mean"] = kl / tokens;
    metrics["ratio:max"] = largestRatio;
  }
  return { data: weighted, metrics };
}

function tokenLoss(datum: Datum, at: number, lp: number, { clipLow, clipHigh, dualClip }: GrpoLoss) {
  const advantage = datum.advantages[at] ?? 0;
  const ratio = Math.exp(lp - (datum.logprobs[at] ?? 0));
  const free = -advantage * ratio;
  const bounded = -advantage * Math.min(Math.max(ratio, clipLow), clipHigh);
  const cap = advantage < 0 ? -dualClip * advantage : Number.POSITIVE_INFINITY;
  const surrogate = Math.min(Math.max(free, bounded), cap);
  const moves = free >= bounded && free <= cap;
  const d = datum.refLogprobs === undefined ? 0 : (datum.refLogprobs[at] ?? 0) - lp;
  const k3 = Math.exp(d) - d - 1;
  return {
    ratio,
    surrogate,
    surrogateGradient: moves ? free : 0, // ∂r/∂lp = r
    clipped: (ratio < clipLow && advantage < 0) || (ratio > clipHigh && advantage > 0),
    kl: Math.min(k3, KL_LIMIT),
    klGradient: k3 <= KL_LIMIT ? 1 - Math.exp(d) : 0,
  };
}
