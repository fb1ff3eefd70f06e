import fc from "fast-check";
import { expect, it } from "vitest";
import { lowerBound, thinned } from "../../../../remote-agent/src/run/series/thin.ts";

const points = fc
  .array(fc.record({ gap: fc.double({ min: 0, max: 1e6, noNaN: true }), y: fc.double({ noNaN: true }) }), {
    minLength: 1,
    maxLength: 400,
  })
  .map((rows) => {
    let x = 0;
    const along = rows.map(({ gap }) => (x += gap));
    return { x: along, y: rows.map(({ y }) => y) };
  });
const most = fc.integer({ min: 2, max: 120 });

it("never gives more points than were asked for, and all of them when they fit", () => {
  fc.assert(
    fc.property(points, most, (given, limit) => {
      const kept = thinned(given, limit);
      expect(kept.x.length).toBeLessThanOrEqual(limit);
      expect(kept.y.length).toBe(kept.x.length);
      if (given.x.length <= limit) expect(kept).toEqual(given);
    }),
  );
});

it("keeps points that were there, in their order, with the first and the last", () => {
  fc.assert(
    fc.property(points, most, (given, limit) => {
      const kept = thinned(given, limit);
      let at = -1;
      for (const [i, x] of kept.x.entries()) {
        do at += 1;
        while (at < given.x.length && !(given.x[at] === x && Object.is(given.y[at], kept.y[i])));
        expect(at).toBeLessThan(given.x.length);
      }
      expect([kept.x[0], kept.x.at(-1)]).toEqual([given.x[0], given.x.at(-1)]);
    }),
  );
});

it("keeps the lowest and the highest value", () => {
  fc.assert(
    fc.property(points, fc.integer({ min: 4, max: 120 }), (given, limit) => {
      const kept = thinned(given, limit);
      // Adding zero makes both zeros one.
      expect(Math.min(...kept.y) + 0).toBe(Math.min(...given.y) + 0);
      expect(Math.max(...kept.y) + 0).toBe(Math.max(...given.y) + 0);
    }),
  );
});

it("keeps a spike of one step in a hundred thousand", () => {
  const x = Array.from({ length: 100_000 }, (_, i) => i + 1);
  const y = x.map((i) => (i === 54_321 ? 9 : Math.sin(i / 1000)));
  const kept = thinned({ x, y }, 800);
  expect(kept.y[kept.x.indexOf(54_321)]).toBe(9);
});

it("finds the first place that is not below a value", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: -1, max: 51 }), (values, value) => {
      const ascending = values.sort((a, b) => a - b);
      const found = ascending.findIndex((item) => item >= value);
      expect(lowerBound(ascending, value)).toBe(found < 0 ? ascending.length : found);
    }),
  );
});
