import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, hashOf, permutation, recordIdOf, seedOf } from "../../../remote-agent/src/verbs/identity.ts";

test("record ids and seeds are fixed for ever: a change breaks every run that is to be resumed", () => {
  expect(recordIdOf("iteration:1/challenger/step:1/rollout:ask/chunk:0", 0)).toBe(RECORD_ID);
  expect(seedOf(0, RECORD_ID)).toBe(SEED);
  expect(hashOf({ b: [1, 2], a: null })).toBe(HASH);
});

test("seeds are 48-bit integers", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), (seed, id) => {
      const value = seedOf(seed, id);
      return Number.isInteger(value) && value >= 0 && value < 2 ** 48;
    }),
  );
});

test("equal values have equal canonical JSON, whatever the order of their keys", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      return canonicalJson(value) === canonicalJson(reversed);
    }),
  );
});

test("a permutation holds every index once and depends on the seed alone", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.nat(), (n, seed) => {
      const order = permutation(n, seed);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(permutation(n, seed)).toEqual(order);
    }),
    { numRuns: 30 },
  );
});

const RECORD_ID = "3700ab5d8b9d9839d8ec701a";
const SEED = 68103923775415;
const HASH = "ee743f2fa2570a1b5e3270cc405d0456b983ba03ab9cb27552fc6c1a720183c7";
