import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mathDomain } from "../../../remote-agent/src/domains/math.ts";
import { domainNamed } from "../../../remote-agent/src/domains/registry.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";

test("it is found by its name", () => {
  expect(domainNamed("math")).toBe(mathDomain);
});

test("the Challenger is always asked the same, for a question and a box", () => {
  const messages = mathDomain.challengerMessages();
  expect(messages).toEqual(mathDomain.challengerMessages());
  const text = messages.map(({ content }) => content).join("\n");
  for (const part of ["<question>", "</question>", "\\boxed{"]) expect(text).toContain(part);
  expect(mathDomain.solverMessages("Q?").at(-1)).toEqual({ role: "user", content: "Q?" });
  expect(mathDomain.solverMessages("Q?")[0]?.content).toContain("\\boxed{}");
});

describe("parsing follows the preset", () => {
  const thought = "<think><question>draft</question>\\boxed{0}</think><question>What is 2+2?</question>\\boxed{4}";
  test("thoughts do not count under strict", () => {
    expect(mathDomain.parse(thought, presets.strict.parse)).toMatchObject({
      valid: true,
      question: "What is 2+2?",
      answer: "4",
    });
    const cut = "<think><question>draft</question>\\boxed{0}";
    expect(mathDomain.parse(cut, presets.strict.parse).valid).toBe(false);
    expect(mathDomain.parse(cut, presets.reference.parse).valid).toBe(true);
  });
  test("a missing box passes under reference only", () => {
    const text = "<question>What is 2+2?</question>";
    expect(mathDomain.parse(text, presets.strict.parse).reason).toBe("no_box");
    expect(mathDomain.parse(text, presets.reference.parse).valid).toBe(true);
  });
});

describe("answers", () => {
  test("are the content of the last box, braces matched", () => {
    expect(mathDomain.answerOf("so \\boxed{1}, no: \\boxed{\\frac{1}{2}}.")).toBe("\\frac{1}{2}");
    expect(mathDomain.answerOf("\\boxed{1")).toBeNull();
  });
  test("are compared exactly, and left to the symbolic grader where that is not certain", () => {
    expect(mathDomain.equal("\\frac{2}{4}", "0.5")).toBe(true);
    expect(mathDomain.equal("\\sqrt{2}", "1.41")).toBe(false);
    expect(mathDomain.equal("\\sin 0", "0")).toBeNull();
  });
  test("are never left undecided under the reference's rules, which take fractions as they are written", () => {
    expect(mathDomain.equal("\\frac{2}{4}", "\\frac{1}{2}", "reference")).toBe(false);
    expect(mathDomain.equal("1,000", "$1000$", "reference")).toBe(true);
    expect(mathDomain.equal("\\sin 0", "0", "reference")).toBe(false);
  });
});

describe("the audit", () => {
  const set = mathDomain.auditSet();
  test("has ten problems of each of six levels, and the smaller ones are part of it", () => {
    expect(set).toHaveLength(60);
    expect(mathDomain.auditSet(undefined, 3)).toEqual(set.filter((_, i) => i % 10 < 3));
    expect(() => mathDomain.auditSet(undefined, 11)).toThrow("0 to 10");
  });
  test("is held out however it is set, and nothing else is", () => {
    for (const { question } of set) {
      expect(mathDomain.isHeldOut(question)).toBe(true);
      expect(mathDomain.isHeldOut(`  ${question.toUpperCase().replaceAll("$", "").replace(/\?$/, " ?")}`)).toBe(true);
    }
    expect(mathDomain.isHeldOut("What is 2+2?")).toBe(false);
  });
  test("answers are decided without the symbolic grader", () => {
    for (const { answer } of set) expect(mathDomain.equal(answer, `x = ${answer}`)).toBe(true);
  });
});

test("the penalty compares words, under strict with every character of a script without spaces by itself", () => {
  expect(mathDomain.tokens("Find x. 求和 1", "scripts")).toEqual(["Find", "x.", "求", "和", "1"]);
  expect(mathDomain.tokens("Find x. 求和 1", "words")).toEqual(["Find", "x.", "求和", "1"]);
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(mathDomain.tokens(text).join("")).toBe(mathDomain.tokens(text, "words").join(""));
    }),
  );
});

test("examples come between the system message and the request, and show the form that is asked for", () => {
  const shown = mathDomain.challengerMessages("examples");
  const plain = mathDomain.challengerMessages("plain");
  expect([shown[0], shown.at(-1)]).toEqual(plain);
  expect(shown.map(({ role }) => role)).toEqual([
    "system",
    ...shown.slice(2).flatMap((_, i) => (i % 2 === 0 ? ["user", "assistant"] : [])),
    "user",
  ]);
  for (const { role, content } of shown.slice(1)) {
    if (role === "user") expect(content).toBe(plain[1]?.content);
    else expect(mathDomain.parse(content, presets.strict.parse)).toMatchObject({ valid: true });
  }
  const answered = mathDomain.solverMessages("What is 1 + 1?", "examples").filter(({ role }) => role === "assistant");
  expect(answered.length).toBeGreaterThan(0);
  for (const { content } of answered) expect(mathDomain.answerOf(content)).not.toBeNull();
  expect(mathDomain.solverMessages("What is 1 + 1?", "examples").at(-1)).toEqual({
    role: "user",
    content: "What is 1 + 1?",
  });
});

test("no example is a problem of the audit", () => {
  for (const { content } of [
    ...mathDomain.challengerMessages("examples"),
    ...mathDomain.solverMessages("", "examples"),
  ]) {
    const { valid, question } = mathDomain.parse(content, presets.strict.parse);
    expect(mathDomain.isHeldOut(valid ? question : content)).toBe(false);
  }
});
