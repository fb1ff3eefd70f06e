import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { datumsOf, meanGap } from "../../../remote-agent/src/run/datums.ts";

const row = (prompt: number[], completion: number[], advantage: number, old = completion.map(() => -1)) => ({
  ids: Uint32Array.from([...prompt, ...completion]),
  promptTokens: prompt.length,
  oldLogprobs: Float32Array.from(old),
  advantage,
});

test("a row is shifted by one; prompt positions weigh nothing; the first completion token stands at prompt − 1", () => {
  const [datum] = datumsOf([row([5, 6, 7], [8, 1], 2, [-0.5, -0.25])]);
  expect(datum).toEqual({
    tokens: [5, 6, 7, 8],
    targets: [6, 7, 8, 1],
    weights: [0, 0, 0.5, 0.5],
    advantages: [0, 0, 2, 2],
    logprobs: [0, 0, -0.5, -0.25],
  });
});

test("weights of a batch sum to one: the engine's sum is the mean over completion tokens", () => {
  const anyRow = fc.tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: -3, max: 3 }),
  );
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1, maxLength: 8 }), (shapes) => {
      const data = datumsOf(
        shapes.map(([prompt, completion, advantage]) =>
          row(new Array<number>(prompt).fill(3), new Array<number>(completion).fill(4), advantage),
        ),
      );
      const weights = data.flatMap((datum) => datum.weights);
      expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      for (const datum of data) {
        const lengths = [datum.targets, datum.weights, datum.logprobs, datum.advantages].map((values) => values.length);
        expect(new Set([...lengths, datum.tokens.length]).size).toBe(1);
      }
    }),
  );
});

describe("with micro-batches", () => {
  const rows = [row([5], [8, 1], 1), row([5], [8, 8, 8, 1], 1), row([5, 6], [8, 8, 1], 1)];
  const weightsOf = (microBatch: number | null) =>
    datumsOf(rows, microBatch).map(({ weights }) => weights.filter((weight) => weight > 0));

  test("the loss is the mean over the tokens of each, then over the micro-batches; the last may be smaller", () => {
    // Rows of 2 + 4 tokens, then one of 3: each micro-batch weighs one half.
    expect(weightsOf(2)).toEqual([Array(2).fill(1 / 12), Array(4).fill(1 / 12), Array(3).fill(1 / 6)]);
    expect(weightsOf(1)).toEqual([Array(2).fill(1 / 6), Array(4).fill(1 / 12), Array(3).fill(1 / 9)]);
  });

  test("one that holds the whole batch is the mean over all its tokens", () => {
    expect(weightsOf(3)).toEqual(weightsOf(null));
    expect(weightsOf(64)).toEqual(weightsOf(null));
  });

  test("every micro-batch weighs the same, whatever the lengths", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 5 }), (completions, size) => {
        const data = datumsOf(
          completions.map((length) => row([5, 6], new Array<number>(length).fill(4), 1)),
          size,
        );
        const count = Math.ceil(data.length / size);
        for (let at = 0; at < count; at++) {
          const weights = data.slice(at * size, (at + 1) * size).flatMap((datum) => datum.weights);
          expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1 / count, 12);
        }
      }),
    );
  });
});

test("reference log-probabilities are there only when they were given", () => {
  const plain = row([5], [8, 1], 1);
  expect(datumsOf([plain])[0]).not.toHaveProperty("refLogprobs");
  expect(datumsOf([{ ...plain, refLogprobs: Float32Array.from([-2, -3]) }])[0]?.refLogprobs).toEqual([-2, -3]);
});

test("the gap is over completion tokens only", () => {
  const data = datumsOf([row([5, 6], [8, 1], 1, [-1, -2])]);
  expect(meanGap(data, [[99, -1.5, -2.5]])).toBeCloseTo(0.5, 12);
});
