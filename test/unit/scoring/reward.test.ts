import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import {
  challengerReward,
  hasThinkingFormat,
  solverReward,
  uncertainty,
} from "../../../remote-agent/src/scoring/reward.ts";

const share = fc
  .integer({ min: 1, max: 50 })
  .chain((denominator) =>
    fc.record({ votes: fc.integer({ min: 0, max: denominator }), denominator: fc.constant(denominator) }),
  );
const penalty = fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true });
const anyRules = fc.constantFrom(presets.strict.reward, presets.paper.reward, presets.reference.reward);

test("uncertainty is 1 − 2|p̂ − ½|", () => {
  fc.assert(
    fc.property(share, (p) => {
      expect(uncertainty(p)).toBeCloseTo(1 - 2 * Math.abs(p.votes / p.denominator - 0.5), 12);
    }),
  );
  expect(uncertainty({ votes: 0, denominator: 0 })).toBe(0);
});

describe("the Challenger's reward", () => {
  test("lies in [0, 1) under strict and paper, in [−2, 0.5) under reference", () => {
    fc.assert(
      fc.property(fc.option(share), penalty, (p, pen) => {
        for (const rules of [presets.strict.reward, presets.paper.reward]) {
          const reward = challengerReward(p, pen, rules);
          expect(reward).toBeGreaterThanOrEqual(0);
          // A penalty below one rounding unit of 1 cannot be seen; a real one is at least 1/B.
          if (pen > Number.EPSILON) expect(reward).toBeLessThan(1);
        }
        const reward = challengerReward(p, pen, presets.reference.reward);
        expect(reward).toBeGreaterThanOrEqual(-2);
        if (pen > Number.EPSILON) expect(reward).toBeLessThan(0.5);
      }),
    );
  });

  test("is exactly symmetric in p̂ and 1 − p̂ and greatest at ½", () => {
    fc.assert(
      fc.property(share, penalty, anyRules, (p, pen, rules) => {
        const mirrored = { ...p, votes: p.denominator - p.votes };
        const reward = challengerReward(p, pen, rules);
        expect(reward).toBe(challengerReward(mirrored, pen, rules));
        expect(reward).toBeLessThanOrEqual(challengerReward({ votes: 1, denominator: 2 }, pen, rules));
      }),
    );
  });

  test("of a malformed question is 0, or −1 less the penalty under reference", () => {
    expect(challengerReward(null, 0.25, presets.strict.reward)).toBe(0);
    expect(challengerReward(null, 0.25, presets.paper.reward)).toBe(0);
    expect(challengerReward(null, 0.25, presets.reference.reward)).toBe(-1.25);
  });
});

test("the Solver is paid for agreement alone, except for a tenth for format under reference", () => {
  const formatted = "<think>steps</think> so \\boxed{41}";
  expect(solverReward(true, "", presets.strict.reward)).toBe(1);
  expect(solverReward(false, formatted, presets.strict.reward)).toBe(0);
  expect(solverReward(false, formatted, presets.reference.reward)).toBeCloseTo(0.1, 12);
});

test.each([
  ["<think>a</think> \\boxed{1}", true],
  ["< think >a< / think >\n\\boxed{1}", true],
  ["text <think>a</think>\\boxed{1}", false],
  ["<think>a \\boxed{1}</think>", false],
  ["<think>a</think>\\boxed{1", false],
])("the format of %j: %j", (text, expected) => {
  expect(hasThinkingFormat(text)).toBe(expected);
});
