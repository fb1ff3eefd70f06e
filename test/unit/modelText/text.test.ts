import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stretchesOf, TEX_CHARS } from "../../../remote-agent/src/modelText/tex.ts";
import { hidesSomething, MARKS, oneLine, piecesOf, visible } from "../../../remote-agent/src/modelText/visible.ts";

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "\u202e",
      "\u2066",
      "\u200b",
      "\0",
      "\u001b",
      "\ud800",
      "\udc00",
      "\u2028",
      "\ufeff",
      "a",
      " ",
      "\n",
      "é",
      "\u{1f468}",
      "\u{e0041}",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 200,
});

describe("what would not be seen", () => {
  it("is shown by its name, and the rest as it stands", () => {
    expect(piecesOf("a\u202eb\0\0\0c")).toEqual([
      { kind: "text", text: "a" },
      { kind: "mark", name: "RLO", count: 1 },
      { kind: "text", text: "b" },
      { kind: "mark", name: "NUL", count: 3 },
      { kind: "text", text: "c" },
    ]);
    expect(visible("x\ud800y\u001b[31m\u{e0041}")).toBe("x⟨U+D800⟩y⟨ESC⟩[31m⟨U+E0041⟩");
    expect(piecesOf("two\nlines\tand a tab, é, 👍🏽, ❤️")).toEqual([
      { kind: "text", text: "two\nlines\tand a tab, é, 👍🏽, ❤️" },
    ]);
  });

  it("never stays in what is shown", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(hidesSomething(visible(text))).toBe(false);
        const pieces = piecesOf(text, 5);
        expect(pieces.every((piece) => piece.kind === "mark" || !hidesSomething(piece.text))).toBe(true);
        expect(pieces.filter(({ kind }) => kind === "mark").length).toBeLessThanOrEqual(5);
      }),
    );
  });

  it("does not fill the page with marks", () => {
    const pieces = piecesOf("\u200b\u200c".repeat(50_000));
    expect(pieces.length).toBe(MARKS + 1);
  });

  it("a cell is one line of bounded length", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const line = oneLine(text, 20);
        expect(line.length).toBeLessThanOrEqual(21);
        expect(line).not.toMatch(/[\n\r\t]/);
      }),
    );
  });
});

const texish = fc.string({
  unit: fc.constantFrom(
    "$",
    "$$",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "\\boxed{",
    "{",
    "}",
    "x",
    " ",
    "\\",
    "\\$",
    "\n",
    "5",
    "\\begin{align}",
    "\\end{align}",
  ),
  maxLength: 60,
});
const mathOf = (text: string) => stretchesOf(text).flatMap((stretch) => (stretch.kind === "math" ? [stretch.tex] : []));

describe("formulas in a text", () => {
  it("joined again, the stretches are the text", () => {
    fc.assert(
      fc.property(fc.oneof(texish, nasty), (text) => {
        expect(
          stretchesOf(text)
            .map(({ raw }) => raw)
            .join(""),
        ).toBe(text);
      }),
    );
  });

  it.each([
    ["so $x^2$ is", ["x^2"]],
    ["$$a$$ and \\(b\\) and \\[c\\]", ["a", "b", "c"]],
    ["it costs $5 and $6", []],
    ["$5 and $x$", ["x"]],
    ["the answer is \\boxed{\\frac{1}{2}}.", ["\\boxed{\\frac{1}{2}}"]],
    ["\\begin{align}a&=b\\end{align}", ["\\begin{align}a&=b\\end{align}"]],
    ["an escaped \\$ is $y$", ["y"]],
    ["unclosed $x", []],
    ["unbalanced \\boxed{{1}", []],
    ["$ x $", []],
    ["empty $$ $$", []],
  ])("%j has %j", (text, formulas) => expect(mathOf(text)).toEqual(formulas));

  it("longer than the limit is words", () => {
    expect(mathOf(`$${"x".repeat(TEX_CHARS + 1)}$`)).toEqual([]);
  });

  it.each(["$a", "\\(", "\\[", "\\boxed{", "$$", "$a $", "\\begin{align}"])(
    "a text of nothing but %j is read in a time that grows with it, not with its square",
    (unit) => {
      const text = unit.repeat(Math.floor(65_536 / unit.length));
      expect(
        stretchesOf(text)
          .map(({ raw }) => raw)
          .join(""),
      ).toBe(text);
    },
  );
});
