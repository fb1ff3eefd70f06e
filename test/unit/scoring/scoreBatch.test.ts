import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sortDomain } from "../../../remote-agent/src/domains/sort.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { type RawBatch, scoreBatch, UnansweredQuestion } from "../../../remote-agent/src/scoring/scoreBatch.ts";

/** Challenger completions over few questions, a third of them malformed, with the Solver's answers to each question. */
const rawBatch: fc.Arbitrary<RawBatch> = fc
  .tuple(
    fc.array(
      fc.oneof(
        {
          weight: 2,
          arbitrary: fc.stringMatching(/^[0-3]{1,6}$/).map((row) => `<question>sort ${row}</question>\\boxed{x}`),
        },
        fc.constantFrom("", "<question>", "<question>sort</question>\\boxed{1}", "<question>sort 12</question>"),
      ),
      { maxLength: 12 },
    ),
    fc.infiniteStream(fc.constantFrom("\\boxed{1}", "\\boxed{2}", "\\boxed{}", "cut off")),
  )
  .map(([predicts, stream]) => ({
    predicts,
    solver_completions: Object.fromEntries(
      predicts.flatMap((text) => {
        const { valid, question } = sortDomain.parse(text, presets.reference.parse);
        return valid ? [[question, [...stream.take(10)]]] : [];
      }),
    ),
  }));

test("every list has the length and order of the batch, for every B", () => {
  fc.assert(
    fc.property(rawBatch, fc.constantFrom(...Object.values(presets)), (batch, preset) => {
      const scored = scoreBatch(batch, preset, sortDomain);
      for (const list of Object.values(scored)) expect(list).toHaveLength(batch.predicts.length);
      for (const [i, text] of batch.predicts.entries()) {
        const alone = scoreBatch({ ...batch, predicts: [text] }, preset, sortDomain);
        expect(scored.parsed[i]).toEqual(alone.parsed[0]);
        expect(scored.p[i]).toBe(alone.p[0]);
        expect(scored.majority[i]).toBe(alone.majority[0]);
      }
    }),
  );
});

test("malformed questions count in B, cluster with nothing and are never answered", () => {
  fc.assert(
    fc.property(rawBatch, (batch) => {
      const { parsed, p, penalty, reward } = scoreBatch(batch, presets.strict, sortDomain);
      for (const [i, { question }] of parsed.entries()) {
        if (question !== "") continue;
        expect(p[i]).toBe(-1);
        expect(penalty[i]).toBe(1 / parsed.length);
        expect(reward[i]).toBe(0);
      }
    }),
  );
});

test("strict rewards follow their completions through any permutation", () => {
  fc.assert(
    fc.property(rawBatch, (batch) => {
      const { reward } = scoreBatch(batch, presets.strict, sortDomain);
      const reversed = scoreBatch({ ...batch, predicts: batch.predicts.toReversed() }, presets.strict, sortDomain);
      expect(reversed.reward.toReversed()).toEqual(reward);
    }),
  );
});

describe("a question without Solver completions", () => {
  test.each(["a new question", "toString"])("is an error that names it: %s", (question) => {
    const batch = { predicts: [`<question>${question}</question>\\boxed{1}`], solver_completions: {} };
    expect(() => scoreBatch(batch, presets.strict)).toThrow(UnansweredQuestion);
    expect(() => scoreBatch(batch, presets.strict)).toThrow(question);
  });
});
