import fc from "fast-check";
import { expect, it } from "vitest";
import { orderOf } from "../../../../remote-agent/src/run/index/order.ts";

const key = fc.oneof(
  fc.double(),
  fc.integer({ min: 0, max: 100 }).map((n) => 1 + n * Number.EPSILON), // the high halves of their bits are equal
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(Number.NaN, 0, -0, Infinity, -Infinity, 1e-310, -1e308),
);

it("is a stable sort in either direction with what is missing at the end", () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.boolean(), (keys, descending) => {
      const expected = [...keys.keys()].sort((i, j) => {
        const [a, b] = [keys[i] as number, keys[j] as number];
        if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || i - j;
        return (descending ? Number(b > a) - Number(b < a) : Number(a > b) - Number(a < b)) || i - j;
      });
      expect([...orderOf(Float64Array.from(keys), descending)]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
