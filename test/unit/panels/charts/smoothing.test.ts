import fc from "fast-check";
import { expect, it } from "vitest";
import { smoothed } from "../../../../webview/charts/smoothing.ts";

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });
const weight = fc.double({ min: 0, max: 0.999, noNaN: true });

it("is as long as the values and never leaves their range", () => {
  fc.assert(
    fc.property(values, weight, (given, w) => {
      const result = smoothed(given, w);
      expect(result.length).toBe(given.length);
      const slack = 1e-6 * Math.max(1, ...given.map(Math.abs));
      for (const value of result) {
        expect(value).toBeGreaterThanOrEqual(Math.min(...given) - slack);
        expect(value).toBeLessThanOrEqual(Math.max(...given) + slack);
      }
    }),
  );
});

it("leaves a constant as it is, from its first value on, and everything when the weight is 0", () => {
  for (const value of smoothed(new Array(50).fill(3.5), 0.99)) expect(value).toBeCloseTo(3.5, 9);
  fc.assert(
    fc.property(values, (given) => {
      const unsigned = (value: number) => value || 0; // a zero's sign is nobody's business
      expect([...smoothed(given, 0)].map(unsigned)).toEqual(given.map(unsigned));
    }),
  );
});

it("is TensorBoard's: by hand for three values", () => {
  const [a, b, c] = smoothed([1, 2, 4], 0.5);
  expect(a).toBe(1);
  expect(b).toBeCloseTo((0.5 * 0.5 * 1 + 0.5 * 2) / 0.75, 12);
  expect(c).toBeCloseTo((0.125 * 1 + 0.25 * 2 + 0.5 * 4) / 0.875, 12);
});
