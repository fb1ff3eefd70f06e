import type { BandRules } from "./presets.ts";
import { compareRatios } from "./ratio.ts";
import type { Vote } from "./vote.ts";

export type BandReason = "kept" | "too_easy" | "too_hard" | "no_label" | "bad_label" | "bad_question";

export interface BandDecision {
  readonly kept: boolean;
  readonly reason: BandReason;
}

/** Whether a labelled question enters the curriculum; decided in integers, both ends of the band included. RZERO "Band". */
export function bandDecision(question: string, vote: Pick<Vote, "p" | "label">, rules: BandRules): BandDecision {
  const reason = bandReason(question, vote, rules);
  return { kept: reason === "kept", reason };
}

function bandReason(question: string, { p, label }: Pick<Vote, "p" | "label">, rules: BandRules): BandReason {
  if (p.denominator === 0 || rules.droppedLabels.includes(label)) return "no_label";
  if (rules.droppedLabelParts.some((part) => label.includes(part))) return "bad_label";
  if (rules.droppedQuestionParts.some((part) => question.includes(part))) return "bad_question";
  const share = { numerator: p.votes, denominator: p.denominator };
  if (compareRatios(share, rules.low) < 0) return "too_hard";
  if (compareRatios(share, rules.high) > 0) return "too_easy";
  return "kept";
}
