import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalByGrade, gradePlainNumbers } from "../../../remote-agent/src/scoring/equality.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { shareOf, vote } from "../../../remote-agent/src/scoring/vote.ts";

const same = (a: string, b: string) => a === b;
const answers = fc.array(fc.constantFrom("1", "2", "3", "", "None", null), { maxLength: 20 });
const allRules = fc.constantFrom(
  presets.strict.vote.reward,
  presets.reference.vote.reward,
  presets.reference.vote.label,
);

describe("truncated answers", () => {
  const half = ["7", "7", "7", "7", "7", null, null, null, null, null];

  test("never form a class under strict but stay in the denominator", () => {
    expect(vote(Array(10).fill(null), presets.strict.vote.reward, same)).toMatchObject({
      p: { votes: 0, denominator: 10 },
      label: "",
      classes: [],
    });
    expect(vote(half, presets.strict.vote.reward, same)).toMatchObject({
      p: { votes: 5, denominator: 10 },
      label: "7",
    });
  });

  test("vote for the literal None under reference", () => {
    expect(vote(Array(10).fill(null), presets.reference.vote.reward, same)).toMatchObject({
      p: { votes: 10, denominator: 10 },
      label: "None",
    });
  });
});

test("empty boxes leave the denominator only in the reference's labelling", () => {
  const samples = ["42", "42", "", "", "17"];
  expect(vote(samples, presets.reference.vote.reward, same).p).toEqual({ votes: 2, denominator: 5 });
  expect(vote(samples, presets.reference.vote.label, same).p).toEqual({ votes: 2, denominator: 3 });
  expect(shareOf(vote(["", ""], presets.reference.vote.label, same).p)).toBe(0);
});

test("ties go to the class seen first", () => {
  expect(vote(["9", "8", "8", "9"], presets.strict.vote.reward, same).label).toBe("9");
});

test("an answer joins the first class it equals, in either direction of the grader", () => {
  const oneWay = equalByGrade((given, truth) => given === "a" && truth === "b");
  expect(vote(["b", "a", "c"], presets.strict.vote.reward, oneWay).classes).toMatchObject([
    { answer: "b", members: [0, 1] },
    { answer: "c", members: [2] },
  ]);
});

test.each([
  ["no solution", "There are no real roots", true],
  ["no solution", "none", false],
  ["\\frac{1}{2}", "0.5", true],
  ["\\dfrac12", "1/2", true],
  ["\\frac{2}{4}", "\\frac{1}{2}", false],
  ["1,000", "$1000$", true],
  ["1,000", "10^3", false],
  ["4/2", "2", true],
  ["-0.5", "-\\frac{1}{2}", true],
  ["1/0", "1/0 ", false],
])("plain numbers: %j and %j", (a, b, expected) => {
  const equal = equalByGrade(gradePlainNumbers);
  expect(equal(a, b)).toBe(expected);
  expect(equal(b, a)).toBe(expected);
});

test("the share is a ratio of integers and the label belongs to the largest class", () => {
  fc.assert(
    fc.property(answers, allRules, (samples, rules) => {
      const { p, label, classes } = vote(samples, rules, same);
      expect(Number.isInteger(p.votes) && Number.isInteger(p.denominator)).toBe(true);
      expect(p.votes).toBeLessThanOrEqual(p.denominator);
      expect(p.votes).toBe(Math.max(0, ...classes.map(({ count }) => count)));
      expect(label).toBe(classes.find(({ count }) => count === p.votes)?.answer ?? "");
      for (const { count, members } of classes) expect(members).toHaveLength(count);
      const members = classes.flatMap((one) => one.members);
      expect(new Set(members).size).toBe(members.length);
      expect(label === "None" && !rules.noneVotes).toBe(false);
    }),
  );
});
