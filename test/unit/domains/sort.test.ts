import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { domainNamed, UnknownDomain } from "../../../remote-agent/src/domains/registry.ts";
import { auditSet, isHeldOut, sortDomain } from "../../../remote-agent/src/domains/sort.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";

const rules = presets.strict.parse;
const digits = fc.stringMatching(/^[0-9]{1,30}$/);

describe("a sorting question", () => {
  test("has its sorted digits as truth and its length as difficulty", () => {
    fc.assert(
      fc.property(digits, (row) => {
        const truth = sortDomain.truth(`sort ${row}`) ?? "";
        expect(truth).toHaveLength(row.length);
        expect([...truth].every((digit, i) => i === 0 || digit >= (truth[i - 1] ?? ""))).toBe(true);
        for (const digit of "0123456789") expect(truth.split(digit).length).toBe(row.split(digit).length);
        expect(sortDomain.difficulty(`sort ${row}`)).toBe(row.length);
        expect(sortDomain.checkQuestion(`sort ${row}`)).toBeNull();
        expect(sortDomain.tokens(`sort ${row}`)).toEqual([...row]);
      }),
    );
  });

  test("is valid whatever the box holds, as long as it holds something", () => {
    expect(sortDomain.parse("<question>sort 58213</question>\\boxed{?}", rules)).toMatchObject({
      valid: true,
      question: "sort 58213",
    });
    expect(sortDomain.parse("<question>sort 58213</question>\\boxed{}", rules).reason).toBe("empty_box");
  });
});

test.each(["sort", "sort 12a", "sort  12", "Sort 12", "sort 12\n3", "sort 1²", "add 1 2"])(
  "%j is none: malformed, without truth or difficulty",
  (question) => {
    expect(sortDomain.parse(`<question>${question}</question>\\boxed{1}`, rules)).toMatchObject({
      valid: false,
      reason: "not_of_domain",
      question: "",
    });
    expect(sortDomain.truth(question)).toBeNull();
    expect(sortDomain.difficulty(question)).toBeNull();
    expect(sortDomain.checkQuestion(question)).toContain("sort");
  },
);

test("prompts are chat messages; the Challenger's is always the same", () => {
  expect(sortDomain.challengerMessages()).toEqual([{ role: "user", content: "New question" }]);
  expect(sortDomain.solverMessages("sort 21")).toEqual([{ role: "user", content: "sort 21" }]);
  expect(sortDomain.answerOf("\\boxed{12}")).toBe("12");
  expect(sortDomain.equal("012", "12")).toBe(false);
});

describe("the audit set", () => {
  const set = auditSet();

  test("has ten different questions of each length from 2 to 24, with their answers", () => {
    expect(new Set(set.map(({ question }) => question)).size).toBe(23 * 10);
    for (let length = 2; length <= 24; length++) {
      expect(set.filter(({ difficulty }) => difficulty === length)).toHaveLength(10);
    }
    for (const { question, answer, difficulty } of set) {
      expect(sortDomain.truth(question)).toBe(answer);
      expect(sortDomain.difficulty(question)).toBe(difficulty);
    }
  });

  test("is the same on every machine and for every run, and another with another seed", () => {
    const digest = createHash("sha256").update(JSON.stringify(set)).digest("hex");
    expect(digest.slice(0, 16)).toBe("31732c6045395aa0");
    expect(auditSet("other")).not.toEqual(set);
    expect(auditSet("audit", 4)).toEqual(set.filter((_, i) => i % 10 < 4));
  });

  test("is held out, and nothing else is", () => {
    for (const { question } of set) expect(isHeldOut(question)).toBe(true);
    const questions = new Set(set.map(({ question }) => question));
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{1,4}$/), (row) => {
        expect(isHeldOut(`sort ${row}`)).toBe(questions.has(`sort ${row}`));
      }),
    );
  });

  test("cannot be larger than what is held out", () => {
    expect(() => auditSet("audit", 11)).toThrow("0 to 10 questions");
    expect(() => auditSet("audit", 0.5)).toThrow(RangeError);
  });
});

test("a domain is found by its name, and an unknown one names those there are", () => {
  expect(domainNamed("sort")).toBe(sortDomain);
  expect(() => domainNamed("chess")).toThrow(UnknownDomain);
  expect(() => domainNamed("chess")).toThrow("sort");
});
