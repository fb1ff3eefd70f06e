// A "model" that costs nothing and is deterministic: log probabilities are a hash of the last two tokens and the target,
// moved a little by every optimiser step. Sampler and trainer agree exactly, as those of a real engine do.

export interface FakeWeights {
  /** Optimiser steps taken, and a digest of all that went into them. */
  steps: number;
  digest: number;
}

export const BASE: FakeWeights = { steps: 0, digest: 0x9e37 };

/** In (−4.2, 0): log p(target | context) of a distribution that nobody needs to sum to one. */
export function logprob(weights: FakeWeights, before: number, last: number, target: number): number {
  const base = unit(hash([before, last, target]));
  const moved = weights.steps === 0 ? 0 : 0.01 * (unit(hash([weights.digest, last, target])) - 0.5);
  return -0.1 - 4 * base + moved;
}

export function forwardLogprobs(weights: FakeWeights, tokens: number[], targets: number[]): number[] {
  return targets.map((target, i) => logprob(weights, tokens[i - 1] ?? 0, tokens[i] ?? 0, target));
}

/** Log probabilities of `completion` after `prompt`. */
export function completionLogprobs(weights: FakeWeights, prompt: number[], completion: number[]): number[] {
  const all = [...prompt, ...completion];
  return completion.map((token, i) => {
    const at = prompt.length + i;
    return logprob(weights, all[at - 2] ?? 0, all[at - 1] ?? 0, token);
  });
}

export function stepped(weights: FakeWeights, gradients: number[]): FakeWeights {
  return { steps: weights.steps + 1, digest: hash([weights.digest, ...gradients]) };
}

/** FNV-1a over 32-bit words. */
export function hash(values: number[]): number {
  let h = 0x811c9dc5;
  for (const value of values) {
    for (let word = Math.abs(value); ; word = Math.floor(word / 0x100000000)) {
      h = Math.imul(h ^ (word >>> 0), 0x01000193);
      h ^= h >>> 15;
      if (word < 0x100000000) break;
    }
  }
  return h >>> 0;
}

export function unit(h: number): number {
  return h / 0x100000000;
}
