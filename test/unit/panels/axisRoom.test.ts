import fc from "fast-check";
import { expect, it } from "vitest";
import { withRoom } from "../../../webview/charts/axisRoom.ts";

const value = fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 1000);

it("an axis has room for every value, and crosses zero only where the values do", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const { min, max } = withRoom({ min: low, max: high }, "number");
      expect(min).toBeLessThanOrEqual(low);
      expect(max).toBeGreaterThanOrEqual(high);
      if (low >= 0) expect(min).toBeGreaterThanOrEqual(0);
      expect(max).toBeGreaterThan(min);
    }),
  );
});

it("shares stay between 0 and 1", () => {
  expect(withRoom({ min: 0.01, max: 0.99 }, "share")).toEqual({ min: 0, max: 1 });
});
