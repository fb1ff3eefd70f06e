import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type QuestionRow, questionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import { addressOf, pathOf, queryOf } from "../../../src/review/curriculumAddress.ts";
import { blockAt, type CurriculumWords, comparableText, curriculumText } from "../../../src/review/curriculumText.ts";
import { visibleLine, visibleText } from "../../../src/review/visibleText.ts";
import { decided, rowOf } from "./rows.ts";

const words: CurriculumWords = {
  label: "label",
  corrected: "corrected to",
  edited: "edited to",
  note: "note",
  source: "source",
  decided: "review",
  approvedBy: (who) => `approved by ${who}`,
  rejectedBy: (who) => `rejected by ${who}`,
  undecided: "undecided",
  cut: "(cut)",
  noLabel: "none",
  place: (iteration, stage) => `iteration ${iteration}, ${stage}`,
  empty: "There is no question here.",
  more: (shown, total) => `${shown} of ${total} questions are shown.`,
};
const shown = (rows: QuestionRow[], total = rows.length) => curriculumText("Curriculum", rows, total, words);

test("a block tells question, label with its share, source and decision", () => {
  const rows = [
    rowOf({ text: "sort 58213", label: "12358", votes: 5, denominator: 10, share: 0.5 }),
    rowOf({
      text: "two\nlines",
      label: null,
      clipped: true,
      decision: decided({ verdict: "approve", label: "7", question: "better", note: "why\nso" }),
    }),
  ];
  expect(shown(rows, 5).text).toBe(
    [
      "Curriculum",
      "",
      `── 1 ${"─".repeat(67)}`,
      "    sort 58213",
      "  label: 12358  5/10 (50 %)",
      "  source: iteration 1, curriculum",
      "  review: undecided",
      "",
      `── 2 ${"─".repeat(67)}`,
      "    two",
      "    lines",
      "    (cut)",
      "  label: none",
      "  corrected to: 7",
      "  edited to: better",
      "  source: iteration 1, curriculum",
      "  review: approved by ada",
      "  note: why ⏎ so",
      "",
      "2 of 5 questions are shown.",
      "",
    ].join("\n"),
  );
  expect(shown([]).text).toBe("Curriculum\n\nThere is no question here.\n");
});

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "── 9 ───",
    "\u202e reversed",
    "a\r── 2 ──\u2028── 3 ──",
    "\u001b[31mred",
    "\ud800",
    "\u0000",
    "```",
    "<b>",
  ),
);

describe("whatever a model wrote", () => {
  test("only heads begin at the margin, one a question, and blocks are where they say", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ text: hostile, label: fc.option(hostile), note: fc.option(hostile) })),
        (items) => {
          const rows = items.map(({ text, label, note }) =>
            rowOf({ text, label, decision: decided({ note, question: note }) }),
          );
          const { text, blocks } = shown(rows);
          const lines = text.split("\n");
          const heads = lines.flatMap((line, i) => (line.startsWith("──") ? [i] : []));
          expect(heads).toEqual(blocks.map(({ head }) => head));
          for (const { head, first, last, labelLine, end, number } of blocks) {
            expect(lines[head]).toMatch(new RegExp(`^── ${number} ─`));
            expect([first <= last, last < labelLine, labelLine <= end]).toEqual([true, true, true]);
            expect(lines[labelLine]).toMatch(/^ {2}label: /);
            for (const line of lines.slice(first, last + 1)) expect(line === "" || line.startsWith("    ")).toBe(true);
            for (const line of [head, last, end]) expect(blockAt(blocks, line)?.number).toBe(number);
          }
        },
      ),
    );
  });

  test("nothing invisible is left, and an editor sees as many lines as we count", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const seen = visibleText(text);
        expect(seen).not.toMatch(/[\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/u);
        expect(seen.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
        expect(visibleLine(text)).not.toContain("\n");
      }),
    );
    expect(visibleText("a\u202eb\u0000\ud800")).toBe("a\\u{202e}b\\u{0}\\u{d800}");
    expect(visibleText("π ≤ ∞ 数 é 👍")).toBe("π ≤ ∞ 数 é 👍");
  });
});

test("two curricula are compared by their questions, in one order whatever the order they were asked in", () => {
  const [a, b] = [rowOf({ text: "b?", label: "2" }), rowOf({ text: "a?", label: "1" })];
  expect(comparableText([a, b])).toBe("a?\n    → 1\nb?\n    → 2\n");
  expect(comparableText([b, a, b])).toBe(comparableText([a, b]));
});

test("addresses survive the way through a URI; what is none is nothing", () => {
  const address = { what: "curriculum" as const, host: "gpu", run: "20261127-1-demo-aaaa", iteration: 2 };
  expect(addressOf(queryOf(address))).toEqual(address);
  expect(pathOf(address)).toBe("/20261127-1-demo-aaaa/curriculum 2");
  expect(pathOf({ ...address, run: "../../etc" })).toBe("/.._.._etc/curriculum 2");
  for (const query of ["", "{", "null", '{"what":"other"}', '{"what":"curriculum","host":"a"}'])
    expect(addressOf(query)).toBeNull();
});

test("the rows of these tests are rows", () => {
  expect(questionRow.parse(rowOf({}))).toEqual(rowOf({}));
});
