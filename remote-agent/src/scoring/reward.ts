import type { RewardRules } from "./presets.ts";
import type { MajorityShare } from "./vote.ts";

/**
 * How undecided the Solver is: 1 at p̂ = ½, 0 at p̂ = 0 and 1. Equal to 1 − 2|p̂ − ½| (arXiv 2508.05004, the uncertainty reward),
 * computed from integers so that p̂ and 1 − p̂ give the same double.
 */
export function uncertainty(p: MajorityShare): number {
  if (p.denominator === 0) return 0;
  return (p.denominator - Math.abs(2 * p.votes - p.denominator)) / p.denominator;
}

/**
 * Reward of one Challenger completion.
 *
 * @param p majority share of the Solver's answers; null when the completion was malformed and never asked
 * @param penalty repetition penalty in (0, 1] (for lambda = 1)
 */
export function challengerReward(p: MajorityShare | null, penalty: number, rules: RewardRules): number {
  if (rules.challenger === "tent") return p === null ? 0 : Math.max(0, uncertainty(p) - penalty);
  // min(p̂, 1 − p̂) is half the uncertainty.
  return p === null ? -1 - penalty : uncertainty(p) / 2 - penalty;
}

/** The label that stands beside a malformed question, which is never asked; `answer` is the Challenger's own boxed one. */
export function unaskedLabel(answer: string | null, rules: RewardRules): string {
  return rules.unaskedLabel === "own" ? (answer ?? "") : "";
}

/**
 * Reward of one Solver completion: agreement with the pseudo-label, and under `reference` a tenth for the format.
 *
 * @param correct the extracted answer equals the pseudo-label
 */
export function solverReward(correct: boolean, completion: string, rules: RewardRules): number {
  const accuracy = correct ? 1 : 0;
  if (rules.formatWeight === 0) return accuracy;
  return (1 - rules.formatWeight) * accuracy + rules.formatWeight * (hasThinkingFormat(completion) ? 1 : 0);
}

/** Begins with `<think>`, closes it and boxes something after it; white space around `<`, `>` and `/` is ignored. */
export function hasThinkingFormat(completion: string): boolean {
  const text = completion.replace(/\s*([<>/])\s*/g, "$1");
  const closed = text.startsWith("<think>") ? text.indexOf("</think>") : -1;
  const boxed = closed < 0 ? -1 : text.indexOf("\\boxed{", closed);
  return boxed >= 0 && text.includes("}", boxed);
}
