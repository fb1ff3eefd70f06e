import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Datum } from "../../../remote-agent/src/engine/engine.ts";
import { type GrpoLoss, grpoGradient } from "../../../remote-agent/src/run/grpoGradient.ts";

const loss: GrpoLoss = { clipLow: 0.8, clipHigh: 1.3, dualClip: 3, kl: 0.01 };

const token = fc.record({
  lp: fc.double({ min: -6, max: -0.01, noNaN: true }),
  old: fc.double({ min: -2, max: 2, noNaN: true }), // old and reference are lp plus this
  reference: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
  advantage: fc.double({ min: -3, max: 3, noNaN: true }),
  weight: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1, noNaN: true })),
});

describe("the gradient of the GRPO loss by log-probabilities", () => {
  test("is the difference quotient of the loss, wherever the loss has no kink", () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 8 }), (tokens) => {
        const datum = datumOf(tokens);
        const lps = tokens.map(({ lp }) => lp);
        const { data } = grpoGradient([datum], [lps], loss);
        for (const [i, { lp, old, advantage }] of tokens.entries()) {
          if (nearKink(Math.exp(-old), advantage)) continue;
          const h = 1e-6;
          const moved = (by: number) => lossOf(datum, lps.with(i, lp + by));
          const quotient = (moved(h) - moved(-h)) / (2 * h);
          expect(-(data[0]?.weights[i] ?? 0)).toBeCloseTo(quotient, 5);
        }
      }),
    );
  });

  test("is zero where the ratio is clipped, where the dual clip holds, and where the weight is 0", () => {
    const clippedUp = { lp: -1, old: -1, reference: 0, advantage: 1, weight: 1 }; // r = e
    const dual = { lp: -1, old: -1.5, reference: 0, advantage: -1, weight: 1 }; // r = e^1.5 > 3
    const prompt = { lp: -1, old: 0, reference: 1, advantage: 1, weight: 0 };
    const { data, metrics } = grpoGradient([datumOf([clippedUp, dual, prompt])], [[-1, -1, -1]], { ...loss, kl: 0 });
    expect(data[0]?.weights).toEqual([0, 0, 0]);
    expect(metrics["clip_fraction:mean"]).toBe(0.5);
    expect(metrics["loss:sum"]).toBeCloseTo(-1.3 + 3, 12);
  });

  test("the rest of the datums goes along untouched", () => {
    const datum = datumOf([{ lp: -1, old: 0, reference: 0, advantage: 1, weight: 0.5 }]);
    const { data } = grpoGradient([datum], [[-1]], loss);
    expect(data[0]).toEqual({ ...datum, weights: [0.5] });
  });
});

type Token = { lp: number; old: number; reference: number; advantage: number; weight: number };

function datumOf(tokens: Token[]): Datum {
  return {
    tokens: tokens.map(() => 1),
    targets: tokens.map(() => 2),
    weights: tokens.map(({ weight }) => weight),
    advantages: tokens.map(({ advantage }) => advantage),
    logprobs: tokens.map(({ lp, old }) => lp + old),
    refLogprobs: tokens.map(({ lp, reference }) => lp + reference),
  };
}

function lossOf(datum: Datum, lps: number[]): number {
  return grpoGradient([datum], [lps], loss).metrics["loss:sum"] ?? Number.NaN;
}

/** The clip bounds and the dual clip are corners of the loss: a difference quotient across one says nothing. */
function nearKink(ratio: number, advantage: number): boolean {
  const near = [loss.clipLow, loss.clipHigh, loss.dualClip].some((bound) => Math.abs(ratio - bound) < 1e-4);
  return near || Math.abs(advantage) < 1e-9;
}
