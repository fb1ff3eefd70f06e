import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { questionFilter, questionSort } from "../../../remote-agent/src/protocol/questionQuery.ts";
import {
  facetFilters,
  isChosen,
  numberOf,
  ranged,
  rangeFilters,
  searched,
  sortedBy,
  toggled,
} from "../../../webview/inspector/filter/queryState.ts";
import { moved } from "../../../webview/inspector/table/keys.ts";

const flags = ["kept", "valid", "correct", "trained"];
const change = fc.oneof(
  fc.record({
    what: fc.constant("facet" as const),
    key: fc.constantFrom(...facetFilters),
    value: fc.nat(3),
    yes: fc.boolean(),
  }),
  fc.record({
    what: fc.constant("range" as const),
    key: fc.constantFrom(...rangeFilters),
    min: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
    max: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
  }),
  fc.record({ what: fc.constant("text" as const), text: fc.string({ maxLength: 3000 }) }),
);

describe("a filter", () => {
  it("is one that the agent takes, whatever the person does", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        let filter = {};
        for (const one of changes) {
          if (one.what === "range") filter = ranged(filter, one.key, one);
          else if (one.what === "text") filter = searched(filter, one.text);
          else {
            const value = flags.includes(one.key)
              ? one.yes
              : one.key === "iteration"
                ? one.value
                : one.key === "verdict"
                  ? one.yes
                    ? "approve"
                    : "reject"
                  : `v${one.value}`;
            const before = isChosen(filter, one.key, value);
            filter = toggled(filter, one.key, value);
            expect(isChosen(filter, one.key, value)).toBe(!before);
          }
          expect(questionFilter.safeParse(filter).success).toBe(true);
        }
      }),
    );
  });

  it("is as it was when a value is chosen and taken back", () => {
    expect(toggled(toggled({ text: "x" }, "stage", "solver"), "stage", "solver")).toEqual({ text: "x" });
    expect(toggled(toggled({}, "kept", true), "kept", false)).toEqual({ kept: false });
  });
});

it("a column sorts one way, the other way, and not at all", () => {
  let sort = questionSort.parse({ by: "order", descending: false });
  const seen = [];
  for (let i = 0; i < 3; i++) {
    sort = sortedBy(sort, "reward", true);
    seen.push(`${sort.by} ${sort.descending ? "descending" : "ascending"}`);
  }
  expect(seen).toEqual(["reward descending", "reward ascending", "order ascending"]);
});

it.each([
  ["", undefined],
  [" 0.5 ", 0.5],
  ["0,5", 0.5],
  ["50%", 0.5],
  ["-1e3", -1000],
  ["half", null],
  ["1 2", null],
])("reads %j as %j", (typed, value) => expect(numberOf(typed)).toBe(value));

it("keys move within the rows, and to their ends", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.nat(),
      fc.integer({ min: 1, max: 60 }),
      (key, total, from, page) => {
        const to = moved(key, from % total, total, page);
        expect(to).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThan(total);
      },
    ),
  );
  expect(moved("End", 3, 24_000, 30)).toBe(23_999);
  expect(moved("PageDown", 0, 24_000, 30)).toBe(30);
  expect(moved("ArrowDown", null, 0, 30)).toBeNull();
  expect(moved("x", 3, 10, 5)).toBeNull();
});
