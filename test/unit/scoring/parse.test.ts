import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extractBoxed, parseQuestion, withoutThinking } from "../../../remote-agent/src/scoring/parse.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";

const strict = presets.strict.parse;
const reference = presets.reference.parse;

describe("a question is valid", () => {
  test("with a question block and a closed, filled box", () => {
    expect(parseQuestion("<question> 1 + 1? </question>\n\\boxed{2}", strict)).toEqual({
      valid: true,
      question: "1 + 1?",
      answer: "2",
      reason: null,
    });
  });

  test.each([
    ["no block at all", "1 + 1? \\boxed{2}", "no_question"],
    ["an unclosed block", "<question>1 + 1? \\boxed{2}", "no_question"],
    ["a blank block", "<question> \n </question>\\boxed{2}", "empty_question"],
    ["no box", "<question>1 + 1?</question>", "no_box"],
    ["an unclosed box", "<question>1 + 1?</question>\\boxed{\\frac{1}{2}", "no_box"],
    ["an empty box", "<question>1 + 1?</question>\\boxed{ }", "empty_box"],
  ])("but not with %s", (_, text, reason) => {
    expect(parseQuestion(text, strict)).toMatchObject({ valid: false, question: "", reason });
  });

  test("without a box under reference, whose extractor returns the string None", () => {
    expect(parseQuestion("<question>1 + 1?</question>", reference).valid).toBe(true);
    expect(parseQuestion("<question>1 + 1?</question>\\boxed{2", reference).valid).toBe(true);
    expect(parseQuestion("<question>1 + 1?</question>\\boxed{}", reference).valid).toBe(false);
  });
});

describe("thinking", () => {
  const draft = "<think><question>draft</question>\\boxed{1}</think>";

  test("is ignored by strict and read by reference", () => {
    expect(parseQuestion(draft, strict).valid).toBe(false);
    expect(parseQuestion(draft, reference).question).toBe("draft");
    expect(parseQuestion(`${draft}<question>real</question>\\boxed{2}`, strict)).toMatchObject({
      question: "real",
      answer: "2",
    });
  });

  test.each([
    ["a<think>b</think>c", "ac"],
    ["a<think>b", "a"],
    ["opened in the prompt</think>c", "c"],
    ["<think>a<think>b</think>c</think>d", "d"],
    ["plain", "plain"],
  ])("in %j leaves %j", (text, visible) => {
    expect(withoutThinking(text)).toBe(visible);
  });
});

test("the last of several question blocks counts", () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z ]*[a-z]$/), { minLength: 1 }), (questions) => {
      const text = questions.map((question) => `<question>${question}</question>`).join(" or ");
      expect(parseQuestion(`${text} \\boxed{1}`, strict).question).toBe(questions.at(-1)?.trim());
    }),
  );
});

test("a question block is what the reference's non-greedy expression finds", () => {
  const piece = fc.constantFrom("<question>", "</question>", "<question", "a", "\n", " ");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("");
      const expected = ([...text.matchAll(/<question>(.*?)<\/question>/gs)].at(-1)?.[1] ?? "").trim();
      expect(parseQuestion(text, reference).question).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test("thousands of opening tags are read in linear time", () => {
  const start = process.threadCpuUsage();
  parseQuestion("<question>".repeat(100_000), strict);
  const { user, system } = process.threadCpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(1_000);
});

test.each([
  ["\\boxed{1} then \\boxed{2}", "2"],
  ["\\boxed{1} then \\boxed{2", null],
  ["\\boxed{\\frac{3}{17}} end}", "\\frac{3}{17}"],
  ["\\boxed{}", ""],
  ["\\boxed {3}", null],
  ["nothing", null],
])("the box of %j holds %j", (text, content) => {
  expect(extractBoxed(text)).toBe(content);
});
