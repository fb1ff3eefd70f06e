/** Added to the standard deviation (reference: core_algos.compute_grpo_outcome_advantage). */
const epsilon = 1e-6;

/**
 * Group-relative advantages of one GRPO group: (R − mean) / (std + 1e-6), unbiased std; shape [n] → [n].
 * A group of equal rewards (or of one) gives exactly 0, so it moves nothing.
 *
 * @throws RangeError when a reward is not finite: one NaN would silently poison the whole group
 */
export function groupAdvantages(rewards: readonly number[]): Float64Array {
  const advantages = new Float64Array(rewards.length);
  const first = rewards[0];
  for (const [i, reward] of rewards.entries()) {
    if (!Number.isFinite(reward)) throw new RangeError(`reward ${i} of a group is ${reward}, not a finite number`);
  }
  if (rewards.every((reward) => reward === first)) return advantages;
  const mean = sum(rewards) / rewards.length;
  const variance = sum(rewards.map((reward) => (reward - mean) ** 2)) / (rewards.length - 1);
  const scale = Math.sqrt(variance) + epsilon;
  for (const [i, reward] of rewards.entries()) advantages[i] = (reward - mean) / scale;
  return advantages;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
