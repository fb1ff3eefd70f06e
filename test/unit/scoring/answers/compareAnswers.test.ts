import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareAnswers } from "../../../../remote-agent/src/scoring/answers/compareAnswers.ts";
import { generatedPairs } from "../../../support/answers/generatedPairs.ts";
import { hardPairs } from "../../../support/answers/hardPairs.ts";

const known = [...generatedPairs(80), ...hardPairs];
const judged = known.map((pair) => ({ ...pair, verdict: compareAnswers(pair.a, pair.b).equal }));

test("where it decides it is right, on more than a thousand pairs of known truth", () => {
  expect(known.length).toBeGreaterThan(1000);
  const wrong = judged.filter(({ verdict, equal }) => verdict !== null && verdict !== equal);
  expect(wrong.map(({ a, b, verdict }) => `${a}   ${b}   said ${verdict}`)).toEqual([]);
});

test("it decides nearly everything that is made by rule, and most of what is written by hand", () => {
  const share = (pairs: typeof judged) => pairs.filter(({ verdict }) => verdict !== null).length / pairs.length;
  expect(share(judged.filter(({ family }) => !family.startsWith("by hand")))).toBeGreaterThan(0.97);
  expect(share(judged.filter(({ family }) => family.startsWith("by hand")))).toBeGreaterThan(0.6);
});

test("the order of the two answers does not matter", () => {
  for (const { a, b } of known) expect(compareAnswers(b, a).equal, `${a}   ${b}`).toBe(compareAnswers(a, b).equal);
});

describe("what nobody can tell is undecided, not a guess", () => {
  test.each([
    ["1/2x", "\\frac{x}{2}"],
    ["(1,2)", "[1,2]"],
    ["(1,234)", "1234"],
    ["3,14", "3.14"],
    ["x = 5", "y = 5"],
    ["9**9**9", "1"],
    ["9^{9^{9^9}}", "1"],
    ["\\infty-\\infty", "0"],
    ["a", "A"],
    ["5\\text{ feet}", "1.524\\text{ m}"],
    ["0^0", "1"],
    ["\\sin 0", "0"],
    ["\\frac{1}{0}", "\\infty"],
    ["yes", "y e s"],
    ["", "0"],
  ])("%j and %j", (a, b) => {
    expect(compareAnswers(a, b)).toEqual({ equal: null, rule: "undecided" });
  });
});

test("every text is compared with every other at once, whatever stands in it", () => {
  const pieces = fc.constantFrom(
    "\\frac",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\\sqrt",
    "^",
    "!",
    "9",
    "99999",
    "x",
    ",",
    "+",
    "-",
    "/",
    " ",
    "\\pi",
    "%",
    "\\{",
    "\\}",
    "=",
    "\\pm",
    "e",
    "\\overline{3}",
    ".",
  );
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join("")),
    fc.string({ maxLength: 600 }),
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(compareAnswers(a, a).equal).toBe(true);
      expect([true, false, null]).toContain(compareAnswers(a, b).equal);
    }),
    { numRuns: 2000 },
  );
});

test("what would grow without bound is given up at once", () => {
  for (const bomb of [
    "(9^{500})^{500}",
    "200!^{200}",
    "(a+b+c+d+f+g)^{300}",
    "(".repeat(390),
    "\\sqrt{".repeat(60),
    "\\sqrt{99999999999999999999999977}+".repeat(10),
  ]) {
    expect(compareAnswers(bomb, "1").equal).not.toBe(true);
  }
});
