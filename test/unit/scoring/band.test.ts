import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BandReason, bandDecision } from "../../../remote-agent/src/scoring/band.ts";
import { type BandRules, bandAround, presets } from "../../../remote-agent/src/scoring/presets.ts";
import { compareRatios, ratio } from "../../../remote-agent/src/scoring/ratio.ts";

const reasonOf = (votes: number, denominator: number, rules: BandRules, label = "42", question = "Q"): BandReason =>
  bandDecision(question, { p: { votes, denominator }, label }, rules).reason;

describe("strict", () => {
  test("keeps 3 to 7 of 10", () => {
    const reasons = Array.from({ length: 11 }, (_, votes) => reasonOf(votes, 10, presets.strict.band));
    expect(reasons).toEqual([...Array(3).fill("too_hard"), ...Array(5).fill("kept"), ...Array(3).fill("too_easy")]);
  });

  test("drops what has no label", () => {
    expect(reasonOf(0, 10, presets.strict.band, "")).toBe("no_label");
    expect(reasonOf(0, 0, presets.strict.band)).toBe("no_label");
  });
});

describe("reference", () => {
  const { band } = presets.reference;

  test("keeps 0.3 to 0.8 of the non-empty answers, both ends included", () => {
    expect([2, 3, 8, 9].map((votes) => reasonOf(votes, 10, band))).toEqual(["too_hard", "kept", "kept", "too_easy"]);
    expect([2, 3, 7, 8].map((votes) => reasonOf(votes, 9, band))).toEqual(["too_hard", "kept", "kept", "too_easy"]);
    expect(reasonOf(4, 5, band)).toBe("kept");
  });

  test("drops its blocked labels and questions", () => {
    expect(reasonOf(5, 9, band, "None")).toBe("no_label");
    expect(reasonOf(5, 9, band, "\\text{even}")).toBe("bad_label");
    expect(reasonOf(5, 9, band, "42", "Give \\boxed{} …")).toBe("bad_question");
    expect(reasonOf(5, 9, band, "42", "证明：…")).toBe("bad_question");
  });
});

test("a band around one half is symmetric and widens with delta", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 1, max: 64 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n))),
      (thousandths, [votes, n]) => {
        const rules = bandAround(thousandths / 1000);
        const kept = reasonOf(votes, n, rules) === "kept";
        expect(kept).toBe(reasonOf(n - votes, n, rules) === "kept");
        expect(kept).toBe(Math.abs(2 * votes - n) * 500 <= thousandths * n);
      },
    ),
  );
});

test("ratios read decimals as they are written", () => {
  expect(ratio(0.3)).toEqual({ numerator: 3, denominator: 10 });
  expect(compareRatios({ numerator: 3, denominator: 10 }, ratio(0.1 + 0.2))).toBe(0);
  expect(() => ratio(Number.NaN)).toThrow(RangeError);
});
