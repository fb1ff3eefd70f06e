import { setImmediate } from "node:timers/promises";
import type { VoteRules } from "./presets.ts";
import { type AnswerPair, type Vote, voting } from "./vote.ts";

/** Votes after which others have their turn on the event loop: reading answers takes a fraction of a millisecond each. */
const breath = 32;

/** Whether two answers are the same; null where only a grader that takes its time can tell. */
export type QuickEquality = (a: string, b: string) => boolean | null;

/** The verdicts on a batch of pairs, in their order. */
export type Grade = (pairs: readonly AnswerPair[]) => Promise<readonly boolean[]>;

/**
 * Votes on many questions, in rounds: each round takes every vote as far as `equal` can decide, and the pairs that it
 * cannot go to `grade` together. So a batch costs as many calls of `grade` as its longest vote, not as many as it has pairs.
 */
export async function voteAll(
  questions: readonly (readonly (string | null)[])[],
  rules: VoteRules,
  equal: QuickEquality,
  grade: Grade,
): Promise<Vote[]> {
  const votes = new Array<Vote>(questions.length);
  let open = questions.map((answers, position) => ({ position, ballot: voting(answers, rules) }));
  let told: readonly (boolean | undefined)[] = open.map(() => undefined);
  while (open.length > 0) {
    const waiting: typeof open = [];
    const pairs: AnswerPair[] = [];
    for (const [i, one] of open.entries()) {
      if (i % breath === breath - 1) await setImmediate();
      let next = one.ballot.next(told[i]);
      while (next.done !== true) {
        const verdict = equal(...next.value);
        if (verdict === null) break;
        next = one.ballot.next(verdict);
      }
      if (next.done === true) {
        votes[one.position] = next.value;
        continue;
      }
      waiting.push(one);
      pairs.push(next.value);
    }
    open = waiting;
    if (pairs.length > 0) told = await verdictsOn(pairs, grade);
  }
  return votes;
}

/** The verdicts on pairs: `equal` decides what it can, `grade` the rest in one call. */
export async function equalAll(
  pairs: readonly AnswerPair[],
  equal: QuickEquality,
  grade: Grade,
): Promise<readonly boolean[]> {
  const quick = pairs.map(([a, b]) => equal(a, b));
  const undecided = pairs.filter((_, i) => quick[i] === null);
  if (undecided.length === 0) return quick.map((verdict) => verdict === true);
  const verdicts = (await verdictsOn(undecided, grade)).values();
  return quick.map((verdict) => verdict ?? verdicts.next().value === true);
}

async function verdictsOn(pairs: readonly AnswerPair[], grade: Grade): Promise<readonly boolean[]> {
  const verdicts = await grade(pairs);
  if (verdicts.length !== pairs.length)
    throw new Error(`The grader gave ${verdicts.length} verdicts on ${pairs.length} pairs of answers.`);
  return verdicts;
}
