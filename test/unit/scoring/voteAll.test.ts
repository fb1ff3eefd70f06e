import fc from "fast-check";
import { expect, test } from "vitest";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { type AnswerPair, vote } from "../../../remote-agent/src/scoring/vote.ts";
import { equalAll, voteAll } from "../../../remote-agent/src/scoring/voteAll.ts";

const rules = fc.constantFrom(presets.strict.vote.reward, presets.reference.vote.reward, presets.reference.vote.label);
const questions = fc.array(fc.array(fc.constantFrom("1", "1.0", "2", "3", "", "None", null), { maxLength: 12 }), {
  maxLength: 8,
});
/** An equality that is neither symmetric nor transitive, as a grader's may be. */
const equality = fc.func(fc.boolean()).map((decide) => (a: string, b: string) => decide(a, b));

test("many votes held together come out as each vote alone, whichever pairs only the grader can decide", async () => {
  await fc.assert(
    fc.asyncProperty(questions, rules, equality, fc.func(fc.boolean()), async (all, voteRules, equal, undecided) => {
      const quick = (a: string, b: string) => (undecided(a, b) ? null : equal(a, b));
      const grade = async (pairs: readonly AnswerPair[]) => pairs.map(([a, b]) => equal(a, b));
      const together = await voteAll(all, voteRules, quick, grade);
      expect(together).toEqual(all.map((answers) => vote(answers, voteRules, equal)));
    }),
  );
});

test("the undecided pairs of a whole batch go to the grader together, once a round", async () => {
  const rounds: (readonly AnswerPair[])[] = [];
  const grade = async (pairs: readonly AnswerPair[]) => {
    rounds.push(pairs);
    return pairs.map(() => true);
  };
  const batch = Array.from({ length: 100 }, (_, i) => [`x+${i}`, `${i}+x`, `x + ${i}`]);
  await voteAll(batch, presets.strict.vote.reward, () => null, grade);
  expect(rounds.map((pairs) => pairs.length)).toEqual([100, 100]);
});

test("nothing goes to the grader that equality decides by itself", async () => {
  const never = () => Promise.reject(new Error("asked"));
  const same = (a: string, b: string) => a === b;
  await expect(voteAll([["1", "2", "1"]], presets.strict.vote.reward, same, never)).resolves.toHaveLength(1);
  await expect(equalAll([["1", "1"]], same, never)).resolves.toEqual([true]);
});

test("verdicts keep the order of their pairs", async () => {
  const pairs = fc.array(fc.tuple(fc.constantFrom("a", "b", "?"), fc.constantFrom("a", "b", "?")));
  await fc.assert(
    fc.asyncProperty(pairs, async (list) => {
      const quick = (a: string, b: string) => (a === "?" || b === "?" ? null : a === b);
      const grade = async (asked: readonly AnswerPair[]) => asked.map(([a, b]) => a === b);
      expect(await equalAll(list, quick, grade)).toEqual(list.map(([a, b]) => a === b));
    }),
  );
});

test("a grader that answers too little is an error, not a vote", async () => {
  const grade = async () => [];
  await expect(voteAll([["1", "2"]], presets.strict.vote.reward, () => null, grade)).rejects.toThrow(
    "0 verdicts on 1 pairs",
  );
});
