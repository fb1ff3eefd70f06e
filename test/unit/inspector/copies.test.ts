import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";
import { fenced, inline, questionJson, questionMarkdown } from "../../../src/panels/inspector/copies.ts";

const hidden = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "`",
      "```",
      "\n",
      "#",
      "[",
      "](",
      ")",
      "<script>",
      "\u202e",
      "\0",
      "\ud800",
      "|",
      "*",
      "\\",
      "&lt;",
      "![",
    ),
    fc.string({ minLength: 1, maxLength: 3 }),
  ),
  maxLength: 40,
});

function viewOf(text: string): QuestionView {
  const question = {
    id: "q1",
    text,
    stage: text,
    step: 1,
    iteration: 1,
    label: text,
    share: 0.5,
    votes: 2,
    denominator: 4,
    valid: true,
    reason: null,
    kept: true,
    band: "kept",
    reward: 0.1,
  };
  const answers = [{ id: "a1", text, tokens: 3, stop: "stop", reward: null, problem: null, answer: text }];
  return {
    question,
    groups: [{ call: text, classes: [{ answer: text, count: 1, majority: true, answers }] }],
    moreAnswers: 0,
    scores: [{ id: "s", call: text, scorer: text, value: 1, parts: { [text]: text } }],
    neighbours: [],
    moreNeighbours: 0,
  } as unknown as QuestionView;
}

describe("a question as Markdown", () => {
  it("a model's text stands in a fence that nothing in it ends", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const [open = "", ...rest] = fenced(text).split("\n");
        const fence = /^`+/.exec(open)?.[0] ?? "";
        expect(rest.findIndex((line) => line.trim().startsWith(fence))).toBe(rest.length - 1);
      }),
    );
  });

  it("what stands in a line is neither markup nor a second line", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const line = inline(text);
        expect(line).not.toContain("\n");
        expect(line.replace(/\\[\s\S]/g, "")).not.toMatch(/[`*_[\]<>#|~&]/);
      }),
    );
  });

  it("and as JSON hides nothing, and JSON is read back", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const copied = { view: viewOf(text), texts: new Map([["a1", `${text} whole`]]) };
        expect(questionMarkdown(copied)).not.toMatch(hidden);
        const json = questionJson(copied);
        expect(json).not.toMatch(hidden);
        const { question, answers } = JSON.parse(json);
        expect([question.text, answers[0].text, answers[0].majority]).toEqual([text, `${text} whole`, true]);
      }),
    );
  });

  it("reads well", () => {
    const lines = questionMarkdown({ view: viewOf("What is 1+1?"), texts: new Map() }).split("\n");
    expect(lines.slice(0, 5)).toEqual(["## Question q1", "", "```text", "What is 1+1?", "```"]);
    expect(lines).toContain("#### 1 × What is 1\\+1? (label)");
  });
});
