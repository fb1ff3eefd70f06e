import { describe, expect, test } from "vitest";
import { z } from "zod";
import { groupAdvantages } from "../../../remote-agent/src/scoring/advantage.ts";
import { bleuDistances, condensedIndex } from "../../../remote-agent/src/scoring/bleu.ts";
import { equalByGrade, gradePlainNumbers } from "../../../remote-agent/src/scoring/equality.ts";
import { extractBoxed } from "../../../remote-agent/src/scoring/parse.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { repetition } from "../../../remote-agent/src/scoring/repetition.ts";
import { solverReward } from "../../../remote-agent/src/scoring/reward.ts";
import { scoreBatch } from "../../../remote-agent/src/scoring/scoreBatch.ts";
import { wordTokens } from "../../../remote-agent/src/scoring/tokens.ts";
import { batchVectors, vectorOf, vectors } from "./vectors.ts";

/** The vectors are rounded to 12 places. */
const places = 11;

test("every vector is one that these tests know", () => {
  const known = [...batchVectors.map(({ id }) => id), "V17", "V18", "V23"];
  expect(known.toSorted()).toEqual(vectors.map(({ id }) => id).toSorted());
  expect(batchVectors).toHaveLength(14);
});

describe.each(batchVectors)("$id $title", ({ input, output }) => {
  const scored = scoreBatch(input, presets.reference);

  test("questions, majority and clusters are the reference code's", () => {
    expect(scored.parsed.map(({ question }) => question)).toEqual(output.parsed.map(({ question }) => question));
    expect(scored.majority).toEqual(output.majority);
    expect(scored.cluster).toEqual(output.cluster);
  });

  test("majority share, penalty and reward are the reference code's", () => {
    expectClose(scored.p, output.p);
    expectClose(scored.penalty, output.penalty);
    expectClose(scored.reward, output.overall_code);
  });

  test("the paper's reward follows from the same votes", () => {
    expectClose(scoreBatch(input, presets.paper).reward, output.reward_paper);
  });
});

describe.each(batchVectors.filter(({ output }) => output.distance !== undefined))("$id $title", ({ input, output }) => {
  test("BLEU distances are nltk's", () => {
    const tokens = scoreBatch(input, presets.reference).parsed.map(({ question }) => wordTokens(question));
    const condensed = bleuDistances(tokens, { symmetric: false });
    const expected = output.distance ?? [];
    for (let i = 0; i < tokens.length; i++) {
      for (let j = i + 1; j < tokens.length; j++) {
        expect(condensed[condensedIndex(tokens.length, i, j)]).toBeCloseTo(expected[i]?.[j] ?? Number.NaN, places);
      }
    }
  });
});

test("V17 advantages are the reference trainer's, in its float32", () => {
  const groups = z.record(z.string(), z.array(z.number()));
  const { input, output } = vectorOf("V17", z.object({ input: groups, output: groups }));
  expect(Object.keys(input).length).toBeGreaterThan(0);
  for (const [name, rewards] of Object.entries(input)) expectClose([...groupAdvantages(rewards)], output[name]!, 6);
});

test("V18 Solver rewards are nine tenths agreement and one tenth format", () => {
  const { input, output } = vectorOf(
    "V18",
    z.object({
      input: z.object({ predicts: z.array(z.string()), ground_truth: z.string() }),
      output: z.array(z.object({ overall: z.number() })),
    }),
  );
  const equal = equalByGrade(gradePlainNumbers);
  const rewards = input.predicts.map((text) =>
    solverReward(equal(extractBoxed(text) ?? "None", input.ground_truth), text, presets.reference.reward),
  );
  expectClose(
    rewards,
    output.map(({ overall }) => overall),
  );
});

test("V23 degenerate batches: none, one (where the reference raises), two malformed ones", () => {
  const penalties = (questions: string[]) => [
    ...repetition(questions, { rules: presets.reference.repetition }).penalty,
  ];
  const { input } = vectorOf("V23", z.object({ input: z.array(z.array(z.string())) }));
  expect(input.map(penalties)).toEqual([[], [1], [0.5, 0.5]]);
});

function expectClose(actual: readonly number[], expected: readonly number[], digits = places): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i]!, digits);
}
