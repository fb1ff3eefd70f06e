// What a person is shown of a question to change, and what comes of it, with the editor's input box standing in.

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import {
  type DecisionContent,
  nothingDecided,
  ROW_DECISION_CHARS,
  ROW_LABEL_CHARS,
} from "../../../remote-agent/src/protocol/review.ts";
import { clip } from "../../../remote-agent/src/run/index/bounded.ts";

const editor = vi.hoisted(() => ({ shown: [] as string[], adds: "" }));

vi.mock("vscode", () => ({
  l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, n) => String(args[n])) },
  window: {
    showInputBox: async ({ value }: { value: string }) => {
      editor.shown.push(value);
      return `${value}${editor.adds}`;
    },
  },
}));

const { askLabel, askNote, askQuestion, wholeDecision } = await import("../../../src/review/askPerson.ts");

beforeEach(() => {
  editor.shown.splice(0);
  editor.adds = " and more";
});

/** A question on which something is decided, as its row has it, and a host that has the whole. */
function asked(content: Partial<DecisionContent>, there = true) {
  const whole = { ...nothingDecided, ...content, id: "d", task: "t", undoes: null, by: "ada", at: 0, seq: 7 };
  const cut = (text: string | null) => (text === null ? null : clip(text, ROW_DECISION_CHARS).text);
  const decision = { ...whole, label: cut(whole.label), question: cut(whole.question), note: cut(whole.note) };
  const requests: unknown[] = [];
  const request = async (method: string, params: unknown) => {
    requests.push([method, params]);
    return { decisions: there ? [whole] : [], more: false };
  };
  const row = { id: "t", task: "t", text: "as it was asked", clipped: false, label: "9", decision } as QuestionRow;
  return { run: "r", row, link: { request } as never, requests };
}

const LONG = `${"words ".repeat(500)}end`;
const HALF = `${"x".repeat(ROW_DECISION_CHARS - 1)}\u{1F600} end`; // the cut falls into a character

describe("what was decided before and is longer than a row has it", () => {
  it.each([
    ["label", askLabel],
    ["question", askQuestion],
    ["note", askNote],
  ] as const)("a %s is shown whole, and none of it is lost by a change", async (name, ask) => {
    for (const text of [LONG, HALF]) {
      const question = asked({ [name]: text });
      expect(await ask(question)).toEqual({ [name]: `${text} and more` });
      expect(editor.shown.at(-1)).toBe(text);
      expect(question.requests).toEqual([["runs/decisions", { run: "r", id: "t", after: 6, limit: 1 }]]);
    }
  });

  it("is not changed while the host has not read it", async () => {
    await expect(askNote(asked({ note: LONG }, false))).rejects.toThrow("still being read");
    expect(editor.shown).toEqual([]);
  });
});

it("what a row has whole is asked of nobody", async () => {
  const question = asked({ note: "short", question: "edited" });
  expect(await askNote(question)).toEqual({ note: "short and more" });
  expect(await askQuestion(question)).toEqual({ question: "edited and more" });
  expect(await askLabel(question)).toEqual({ label: "9 and more" });
  expect(await wholeDecision({ ...question, row: { ...question.row, decision: null } })).toEqual(nothingDecided);
  expect(question.requests).toEqual([]);
});

it("a label of which a row has only the beginning is not offered as the whole", async () => {
  const { row, ...question } = asked({});
  const label = clip(`${"\u{1F600}".repeat(ROW_LABEL_CHARS)}`, ROW_LABEL_CHARS).text;
  await askLabel({ ...question, row: { ...row, label } });
  expect(editor.shown).toEqual([""]);
});

it("what nobody changed is no change", async () => {
  editor.adds = "";
  expect(await askNote(asked({ note: LONG }))).toBeUndefined();
});
