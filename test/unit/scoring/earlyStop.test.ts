import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bandDecision } from "../../../remote-agent/src/scoring/band.ts";
import { settledDecision, shareBounds, waves } from "../../../remote-agent/src/scoring/earlyStop.ts";
import { type Preset, presets } from "../../../remote-agent/src/scoring/presets.ts";
import { shareOf, type Vote, vote } from "../../../remote-agent/src/scoring/vote.ts";

type Answers = readonly (string | null)[];
type Equal = (a: string, b: string) => boolean;
const allPresets = Object.values(presets);

const same: Equal = (a, b) => a === b;
/** a ~ b and b ~ c, but not a ~ c: which class b joins depends on who was there first. */
const chain: Equal = (a, b) => Math.abs((a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)) <= 1;
/** Also an equality that is not even symmetric. */
const oneWay: Equal = (a, b) => a === b || (a === "a" && b === "c");

const decide = (outcome: Pick<Vote, "p" | "label">, preset: Preset, question = "Q") =>
  bandDecision(question, outcome, preset.band);

function settledAfter(drawn: Answers, m: number, preset: Preset, equal: Equal, question = "Q") {
  const result = vote(drawn, preset.vote.label, equal);
  const decision = settledDecision(result, m - drawn.length, preset.vote.label, (outcome) =>
    decide(outcome, preset, question),
  );
  return decision === null ? null : { ...decision, label: result.label };
}

function fully(answers: Answers, preset: Preset, equal: Equal, question = "Q") {
  const result = vote(answers, preset.vote.label, equal);
  return { ...decide(result, preset, question), label: result.label };
}

/** Labels in waves; answers what was decided and after how many answers. */
function inWaves(answers: Answers, preset: Preset, equal: Equal, question = "Q") {
  let drawn = 0;
  for (const wave of waves(answers.length)) {
    drawn += wave;
    const settled = settledAfter(answers.slice(0, drawn), answers.length, preset, equal, question);
    if (settled !== null) return { settled, drawn };
  }
  throw new Error("not settled by all answers");
}

/** Every list of `m` of the alphabet's answers. */
function* lists(alphabet: Answers, m: number): Generator<(string | null)[]> {
  if (m === 0) yield [];
  else for (const rest of lists(alphabet, m - 1)) for (const answer of alphabet) yield [...rest, answer];
}

/**
 * Every pattern of `m` answers up to renaming: each is an answer given before, a new one while there are fewer than `most`, or
 * one of `special` (restricted growth strings).
 */
function* patterns(m: number, special: Answers, most: number, known = 0): Generator<(string | null)[]> {
  if (m === 0) {
    yield [];
    return;
  }
  for (let answer = 0; answer < Math.min(known + 1, most); answer++)
    for (const rest of patterns(m - 1, special, most, Math.max(known, answer + 1))) yield [`x${answer}`, ...rest];
  for (const answer of special) for (const rest of patterns(m - 1, special, most, known)) yield [answer, ...rest];
}

test("answers come in waves of m − 2, 1 and 1, of m where there are fewer than three", () => {
  expect(waves(10)).toEqual([8, 1, 1]);
  expect(waves(9)).toEqual([7, 1, 1]);
  expect([1, 2, 3].map(waves)).toEqual([[1], [2], [1, 1, 1]]);
});

describe("stopped early, decision and label are those of all answers", () => {
  const alphabet: Answers = ["a", "b", "c", "", null];
  const equalities = Object.entries({ same, chain, oneWay });

  test.each(equalities)("after any prefix, for every list of up to 5 answers, equality %s", (_name, equal) => {
    for (const preset of allPresets) {
      for (let m = 1; m <= 5; m++) {
        for (const answers of lists(alphabet, m)) {
          const full = fully(answers, preset, equal);
          for (let drawn = 1; drawn <= m; drawn++) {
            const settled = settledAfter(answers.slice(0, drawn), m, preset, equal);
            if (settled === null && drawn < m) continue;
            if (settled?.kept !== full.kept || settled?.reason !== full.reason || settled?.label !== full.label)
              expect.fail(
                `${preset.name} ${JSON.stringify(answers)} after ${drawn}: ${JSON.stringify([settled, full])}`,
              );
          }
        }
      }
    }
  });

  test.each(allPresets)(
    "for every pattern of up to 7 answers, and of up to 10 of at most three kinds, $name",
    (preset) => {
      let stopped = 0;
      for (let m = 3; m <= 10; m++) {
        for (const answers of m <= 7 ? patterns(m, ["", null], m) : patterns(m, [], 3)) {
          const { settled, drawn } = inWaves(answers, preset, same);
          const full = fully(answers, preset, same);
          if (settled.kept !== full.kept || settled.reason !== full.reason || settled.label !== full.label)
            expect.fail(`${JSON.stringify(answers)} after ${drawn}: ${JSON.stringify([settled, full])}`);
          if (drawn < m) stopped++;
        }
      }
      expect(stopped).toBeGreaterThan(0);
    },
  );

  const answer = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("a", "b") },
    { weight: 2, arbitrary: fc.constantFrom("c", "d", "e", "no solution", "\\text{a}", "There is no such number") },
    { weight: 1, arbitrary: fc.constantFrom("", "None", null) },
  );
  const question = fc.constantFrom("Q", "What does the box hold?", "证明 …");
  test.each(allPresets)("for random lists of 9 and 10, any equality and any question, $name", (preset) => {
    const list = fc.constantFrom(9, 10).chain((m) => fc.array(answer, { minLength: m, maxLength: m }));
    const pairs = fc.func(fc.boolean()).map(
      (equal): Equal =>
        (a, b) =>
          a === b || equal(a, b),
    );
    fc.assert(
      fc.property(list, fc.oneof(fc.constantFrom(same, chain, oneWay), pairs), question, (answers, equal, text) => {
        const { settled } = inWaves(answers, preset, equal, text);
        expect(settled).toEqual(fully(answers, preset, equal, text));
      }),
      { numRuns: 2000 },
    );
  });
});

test("it stops as soon as no answers to come could change decision or label, and not before", () => {
  const alphabet: Answers = ["a", "b", "", null];
  for (const preset of allPresets) {
    for (let m = 2; m <= 6; m++) {
      for (let drawn = Math.max(1, m - 2); drawn < m; drawn++) {
        // Two new answers, so that what is to come can be of a class that nobody has seen.
        const rests = [...lists([...alphabet, "y", "z"], m - drawn)];
        for (const answers of lists(alphabet, drawn)) {
          const ends = new Set(rests.map((rest) => JSON.stringify(fully([...answers, ...rest], preset, same))));
          const settled = settledAfter(answers, m, preset, same);
          if ((settled !== null) !== (ends.size === 1))
            expect.fail(`${preset.name} ${JSON.stringify(answers)} of ${m}: ${[...ends].join(" ")}`);
        }
      }
    }
  }
});

test("the majority share of all answers lies between the bounds, and reaches them", () => {
  const alphabet: Answers = ["a", "b", "", null];
  for (const preset of allPresets) {
    for (const drawn of lists(alphabet, 4)) {
      if (settledAfter(drawn, 6, preset, same) === null) continue;
      const { p } = vote(drawn, preset.vote.label, same);
      const { low, high } = shareBounds(p, 2, preset.vote.label);
      const finals = [...lists([...alphabet, "y", "z"], 2)].map((rest) =>
        shareOf(vote([...drawn, ...rest], preset.vote.label, same).p),
      );
      expect([Math.min(...finals), Math.max(...finals)]).toEqual([low, high]);
    }
  }
});

test.each([
  ["eight that agree are too easy, whatever comes", "aaaaaaaa", "too_easy"],
  ["seven of eight may end inside or outside the band", "aaaaaaab", null],
  ["five of eight stay in the band and ahead of all others", "aaaaabbc", "kept"],
  ["five of eight ahead of three that were there first: a tie would be theirs", "bbbaaaaa", null],
  ["five of eight ahead of three that came later: a tie is not theirs", "aaaaabbb", "kept"],
  ["eight different ones: nobody knows which would lead", "abcdefgh", null],
])("strict, 8 of 10 drawn: %s", (_why, drawn, reason) => {
  expect(settledAfter([...drawn], 10, presets.strict, same)?.reason ?? null).toBe(reason);
});
