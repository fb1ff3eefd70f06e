import type { VoteRules } from "./presets.ts";

/** Majority share p̂ = votes / denominator, kept as integers. */
export interface MajorityShare {
  readonly votes: number;
  readonly denominator: number;
}

export interface AnswerClass {
  /** The member seen first. */
  readonly answer: string;
  readonly count: number;
  /** Positions in the list of samples. */
  readonly members: readonly number[];
}

export interface Vote {
  readonly p: MajorityShare;
  /** The pseudo-label: the answer of the largest class, ties to the one seen first; "" with no class. */
  readonly label: string;
  /** In order of first appearance. */
  readonly classes: readonly AnswerClass[];
}

/** What stands for an answer without a closed box. */
export const noAnswer = "None";

/** Two answers that somebody has to compare. */
export type AnswerPair = readonly [string, string];

/**
 * Majority vote over the Solver's extracted answers to one question (null = no closed box). RZERO "Vote".
 * Yields a pair of answers and is told whether they are the same; so one vote can be held in step with many others.
 * An answer joins the first class whose first member it equals; equality need not be transitive.
 */
export function* voting(
  answers: readonly (string | null)[],
  rules: VoteRules,
): Generator<AnswerPair, Vote, boolean | undefined> {
  const classes: { answer: string; count: number; members: number[] }[] = [];
  let nonEmpty = 0;
  for (const [position, extracted] of answers.entries()) {
    const answer = extracted ?? noAnswer;
    if (answer === "") continue;
    nonEmpty++;
    if (answer === noAnswer && !rules.noneVotes) continue;
    let joined: (typeof classes)[number] | undefined;
    for (const known of classes) {
      if (known.answer !== answer && !(yield [known.answer, answer])) continue;
      joined = known;
      break;
    }
    if (joined === undefined) classes.push({ answer, count: 1, members: [position] });
    else {
      joined.count++;
      joined.members.push(position);
    }
  }
  const denominator = rules.denominator === "all" ? answers.length : nonEmpty;
  let largest: AnswerClass = { answer: "", count: 0, members: [] };
  for (const known of classes) if (known.count > largest.count) largest = known;
  return { p: { votes: largest.count, denominator }, label: largest.answer, classes };
}

/** {@link voting} where equality is known at once. */
export function vote(
  answers: readonly (string | null)[],
  rules: VoteRules,
  equal: (a: string, b: string) => boolean,
): Vote {
  const ballot = voting(answers, rules);
  let next = ballot.next();
  while (next.done !== true) next = ballot.next(equal(...next.value));
  return next.value;
}

/** p̂ as a number in [0, 1]; 0 when nobody voted. */
export function shareOf(p: MajorityShare): number {
  return p.denominator === 0 ? 0 : p.votes / p.denominator;
}
