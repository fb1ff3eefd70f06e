import fc from "fast-check";
import { expect, test } from "vitest";
import { groupAdvantages } from "../../../remote-agent/src/scoring/advantage.ts";

const reward = fc.double({ min: -2, max: 1, noNaN: true });

test("advantages of a group sum to 0 and keep the order of the rewards", () => {
  fc.assert(
    fc.property(fc.array(reward, { minLength: 1, maxLength: 16 }), (rewards) => {
      const advantages = groupAdvantages(rewards);
      expect(advantages).toHaveLength(rewards.length);
      expect(Math.abs(advantages.reduce((sum, one) => sum + one, 0))).toBeLessThan(1e-8);
      for (const [i, a] of rewards.entries()) {
        for (const [j, b] of rewards.entries()) if (a > b) expect(advantages[i]).toBeGreaterThanOrEqual(advantages[j]!);
      }
    }),
  );
});

test("a group of equal rewards gives exactly 0, whatever the rewards", () => {
  fc.assert(
    fc.property(reward, fc.integer({ min: 0, max: 12 }), (value, n) => {
      expect([...groupAdvantages(Array(n).fill(value))]).toEqual(Array(n).fill(0));
    }),
  );
});

test("a reward that is not finite is refused, not spread over the group", () => {
  expect(() => groupAdvantages([1, Number.NaN])).toThrow("reward 1 of a group is NaN");
});
