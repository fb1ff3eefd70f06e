import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { bleuDistances, condensedIndex } from "../../../remote-agent/src/scoring/bleu.ts";
import { chainLinkage } from "../../../remote-agent/src/scoring/chainLinkage.ts";
import { greedyLinkage } from "../../../remote-agent/src/scoring/greedyLinkage.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { repetition, repetitionOfTokens } from "../../../remote-agent/src/scoring/repetition.ts";
import { naiveBleu, naiveGreedyClusters, naiveStrictClusters, naiveStrictDistance } from "./naiveClusters.ts";

const strict = presets.strict.repetition;
const reference = presets.reference.repetition;

const Condensed = { distances: z.array(z.number()), cluster: z.array(z.number()) };
const Recorded = z.object({
  tau: z.number(),
  texts: z.array(z.object({ lists: z.array(z.array(z.string())), ...Condensed })),
  linkage: z.array(z.object({ n: z.number(), ...Condensed })),
});
const recorded = Recorded.parse(
  JSON.parse(readFileSync(new URL("../../vectors/repetition.json", import.meta.url), "utf8")),
);

/** Few words, so that lists share n-grams, repeat each other and tie. */
const tokenList = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 9 });
const batch = fc
  .array(tokenList, { minLength: 1, maxLength: 9 })
  .chain((lists) => fc.array(fc.constantFrom(...lists), { minLength: 1, maxLength: 14 }));

/** No average of eighths lies near it, so rounding cannot decide whether a pair merges. */
const unreachableTau = 0.4871;

/** Distances in eighths, so that most tie, off by a rounding error that must not break a tie. */
const tiedItems = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 9 }).chain((multiplicity) => {
  const pairs = (multiplicity.length * (multiplicity.length - 1)) / 2;
  const eighths = fc.integer({ min: 1, max: 7 });
  const noise = fc.integer({ min: -3, max: 3 });
  const distance = fc.tuple(eighths, noise).map(([eighth, off]) => eighth / 8 + off * 1e-15);
  return fc.record({
    multiplicity: fc.constant(multiplicity),
    distances: fc.array(distance, { minLength: pairs, maxLength: pairs }),
  });
});

describe("against recorded results of nltk and scikit-learn", () => {
  test("BLEU distances differ by less than 1e-12", () => {
    for (const { lists, distances } of recorded.texts) {
      const ours = bleuDistances(lists, { symmetric: false });
      expect(ours).toHaveLength(distances.length);
      for (const [at, distance] of ours.entries()) expect(Math.abs(distance - distances[at]!)).toBeLessThan(1e-12);
    }
  });

  test("reference clusters are the same, ties included", () => {
    for (const { lists, cluster } of recorded.texts) {
      expect([...repetitionOfTokens(lists, reference).cluster]).toEqual(cluster);
    }
  });

  test("linkage over tied distances is the same, and an average of exactly tau does not merge", () => {
    for (const { n, distances, cluster } of recorded.linkage) {
      const members = [...chainLinkage(Float64Array.from(distances), n, recorded.tau)];
      expect(members.map((member) => [...new Set(members)].indexOf(member))).toEqual(cluster);
    }
  });
});

describe("against the definitions, on random batches", () => {
  test("both directions of BLEU", () => {
    fc.assert(
      fc.property(batch, (lists) => {
        const n = lists.length;
        const oneWay = bleuDistances(lists, { symmetric: false });
        const both = bleuDistances(lists, { symmetric: true });
        for (let i = 0; i < n; i++) {
          for (let j = i + 1; j < n; j++) {
            const at = condensedIndex(n, i, j);
            expect(oneWay[at]).toBeCloseTo(1 - naiveBleu(lists[i]!, lists[j]!), 12);
            expect(both[at]).toBeCloseTo(naiveStrictDistance(lists[i]!, lists[j]!), 12);
          }
        }
      }),
    );
  });

  test("strict linkage of tied distances, items with multiplicity, ties up to rounding", () => {
    fc.assert(
      fc.property(tiedItems, ({ multiplicity, distances }) => {
        const n = multiplicity.length;
        const copies = multiplicity.flatMap((count, item) => Array<number>(count).fill(item));
        const expected = naiveGreedyClusters(
          copies.length,
          (a, b) => {
            const [i, j] = [copies[a]!, copies[b]!].sort((x, y) => x - y) as [number, number];
            return i === j ? 0 : distances[condensedIndex(n, i, j)]!;
          },
          unreachableTau,
        ).map((members) => [...new Set(members.map((copy) => copies[copy]!))].sort((x, y) => x - y));
        const owner = greedyLinkage(Float64Array.from(distances), Int32Array.from(multiplicity), unreachableTau);
        for (const members of expected) for (const item of members) expect(owner[item]).toBe(members[0]);
      }),
      { numRuns: 500 },
    );
  });

  test("strict clusters: unique lists with multiplicity are what single copies give", () => {
    fc.assert(
      fc.property(batch, (lists) => {
        expect([...repetitionOfTokens(lists, strict).cluster]).toEqual(naiveStrictClusters(lists, strict.tau));
      }),
      { numRuns: 300 },
    );
  });
});

describe("the penalty", () => {
  const rules = fc.constantFrom(strict, reference);

  test("lies in (0, 1], is |cluster| / B, equal inside a cluster, in batch order", () => {
    fc.assert(
      fc.property(batch, rules, (lists, one) => {
        const { penalty, cluster, size } = repetitionOfTokens(lists, one);
        expect([penalty.length, cluster.length, size.length]).toEqual(Array(3).fill(lists.length));
        for (const [i, id] of cluster.entries()) {
          const members = cluster.filter((other) => other === id).length;
          expect(size[i]).toBe(members);
          expect(penalty[i]).toBe(members / lists.length);
        }
      }),
    );
  });

  test("is 1/B each when every pair is at least tau apart", () => {
    fc.assert(
      fc.property(batch, rules, (lists, one) => {
        const apart = lists.map((list, i) => list.map((token) => `${token}${i}`));
        expect([...repetitionOfTokens(apart, one).penalty]).toEqual(lists.map(() => 1 / lists.length));
      }),
    );
  });

  test("is 1 under strict when all are identical, however short", () => {
    fc.assert(
      fc.property(tokenList, fc.integer({ min: 1, max: 9 }), (list, n) => {
        fc.pre(list.length > 0);
        expect([...repetitionOfTokens(Array(n).fill(list), strict).penalty]).toEqual(Array(n).fill(1));
      }),
    );
  });

  test("under strict does not depend on the order of the batch", () => {
    fc.assert(
      fc.property(
        batch.chain((lists) =>
          fc.tuple(
            fc.constant(lists),
            fc.shuffledSubarray([...lists.keys()], { minLength: lists.length, maxLength: lists.length }),
          ),
        ),
        ([lists, order]) => {
          const plain = repetitionOfTokens(lists, strict);
          const shuffled = repetitionOfTokens(
            order.map((i) => lists[i]!),
            strict,
          );
          expect([...shuffled.penalty]).toEqual(order.map((i) => plain.penalty[i]));
          for (const [a, i] of order.entries()) {
            for (const [b, j] of order.entries()) {
              expect(shuffled.cluster[a] === shuffled.cluster[b]).toBe(plain.cluster[i] === plain.cluster[j]);
            }
          }
        },
      ),
    );
  });

  test("counts malformed questions in B and never clusters them", () => {
    for (const one of [strict, reference]) {
      const { penalty, cluster } = repetition(["", "a b c d e", "", "a b c d e", ""], { rules: one });
      expect([...penalty]).toEqual([0.2, 0.4, 0.2, 0.4, 0.2]);
      expect([...cluster]).toEqual([0, 1, 2, 1, 3]);
    }
  });
});

test("the domain's tokenizer decides what repeats", () => {
  const questions = ["sort 58213", "sort 58214"];
  expect([...repetition(questions, { rules: strict }).cluster]).toEqual([0, 1]);
  expect([...repetition(questions, { rules: strict, tokens: (text) => [...text.slice(5)] }).cluster]).toEqual([0, 0]);
});

test("identical questions in a script without spaces are one cluster under strict only", () => {
  const questions = ["设函数满足条件，求表达式的最小值。", "设函数满足条件，求表达式的最大值。"];
  expect([...repetition(questions, { rules: strict }).cluster]).toEqual([0, 0]);
  expect([...repetition(questions, { rules: reference }).cluster]).toEqual([0, 1]);
});
