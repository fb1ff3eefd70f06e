import type { BandDecision } from "./band.ts";
import type { VoteRules } from "./presets.ts";
import type { AnswerClass, MajorityShare, Vote } from "./vote.ts";

/** In how many answers each, in this order, a question's m are drawn: all but two, then one by one. */
export function waves(m: number): number[] {
  return m < 3 ? [m] : [m - 2, 1, 1];
}

/** What the band makes of a vote's share and label. */
type Decide<Reason> = (outcome: Pick<Vote, "p" | "label">) => { kept: boolean; reason: Reason };

/**
 * The decision on a question of which `left` of its answers are not drawn yet, when neither decision nor label can change any
 * more, whatever those answers are; null while they can. Then the label is `vote.label`. RZERO "Band", invariant 10.
 */
export function settledDecision<Reason = BandDecision["reason"]>(
  { p, label, classes }: Vote,
  left: number,
  rules: VoteRules,
  decide: Decide<Reason>,
): { kept: boolean; reason: Reason } | null {
  if (!labelIsCertain(classes, left)) return null;
  const [first, ...others] = finalShares(p, left, rules).map((final) => decide({ p: final, label }));
  if (first === undefined) return null;
  return others.every(({ kept, reason }) => kept === first.kept && reason === first.reason) ? first : null;
}

/** Bounds of the majority share when all answers are drawn, given that the label is certain. */
export function shareBounds(p: MajorityShare, left: number, rules: VoteRules): { low: number; high: number } {
  const shares = finalShares(p, left, rules).map(({ votes, denominator }) => votes / Math.max(1, denominator));
  return { low: Math.min(...shares), high: Math.max(...shares) };
}

/**
 * Whether the class that leads still leads when every answer left goes to one rival. Ties go to the class seen first, so a
 * rival before it in order of appearance must stay below it; one after it, or a new one, may draw level.
 */
function labelIsCertain(classes: readonly AnswerClass[], left: number): boolean {
  if (left === 0) return true;
  const counts = classes.map(({ count }) => count);
  const most = Math.max(0, ...counts);
  const leader = counts.indexOf(most);
  if (leader < 0 || left > most) return false;
  return counts.every((count, at) => at === leader || (at < leader ? count + left < most : count + left <= most));
}

/** Every share that the leading class can end with. */
function finalShares({ votes, denominator }: MajorityShare, left: number, rules: VoteRules): MajorityShare[] {
  const shares: MajorityShare[] = [];
  for (let counted = rules.denominator === "all" ? left : 0; counted <= left; counted++) {
    for (let more = 0; more <= counted; more++)
      shares.push({ votes: votes + more, denominator: denominator + counted });
  }
  return shares;
}
