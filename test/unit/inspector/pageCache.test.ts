import fc from "fast-check";
import { expect, it } from "vitest";
import { PAGE_ROWS } from "../../../src/panels/inspector/firstQuestions.ts";
import { PageCache } from "../../../webview/inspector/table/pageCache.ts";

const MOST = 5;
const rowsOf = (page: number, version: number) =>
  Array.from({ length: PAGE_ROWS }, (_, i) => `${version}:${page * PAGE_ROWS + i}`);

const actions = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("look" as const), first: fc.nat(5000), rows: fc.integer({ min: 1, max: 250 }) }),
    fc.record({ kind: fc.constant("outdate" as const) }),
  ),
  { maxLength: 40 },
);

it("holds at most its bound, never lets go of what is in view, and shows each row as it was last given", () => {
  fc.assert(
    fc.property(actions, (all) => {
      const cache = new PageCache<string>(MOST);
      const given = new Map<number, number>();
      let version = 0;
      for (const action of all) {
        if (action.kind === "outdate") {
          cache.outdate();
          version += 1;
          continue;
        }
        const { first, rows } = action;
        const last = first + rows - 1;
        for (const page of cache.missing(first, last)) {
          cache.put(page, rowsOf(page, version));
          given.set(page, version);
        }
        expect(cache.missing(first, last)).toEqual([]);
        expect(cache.size).toBeLessThanOrEqual(MOST + 1);
        for (let i = first; i <= last; i += 17) {
          expect(cache.row(i)).toBe(`${given.get(Math.floor(i / PAGE_ROWS))}:${i}`);
        }
      }
    }),
  );
});

it("asks what is nearest to the middle of the view first", () => {
  expect(new PageCache<string>(40).missing(0, 499)).toEqual([2, 1, 3, 0, 4]);
});

it("shows rows of before until newer ones have come", () => {
  const cache = new PageCache<string>(MOST);
  cache.put(0, rowsOf(0, 1));
  cache.outdate();
  expect(cache.row(3)).toBe("1:3");
  expect(cache.missing(0, 10)).toEqual([0]);
  cache.put(0, rowsOf(0, 2));
  expect(cache.row(3)).toBe("2:3");
  expect(cache.missing(0, 10)).toEqual([]);
});

it("finds a row by what it is", () => {
  const cache = new PageCache<string>(MOST);
  cache.put(2, rowsOf(2, 0));
  expect(cache.find((row) => row === "0:205")).toBe(205);
  expect(cache.find((row) => row === "0:5")).toBeNull();
});
