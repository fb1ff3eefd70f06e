import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { searchable, searchOf, TOKENIZER } from "../../../../remote-agent/src/run/index/searchText.ts";

/** Whether a search finds one of these answers. */
function finds(typed: string, ...answers: string[]): boolean {
  const db = new DatabaseSync(":memory:");
  const tables = { words: "detail=none", phrases: "detail=full" } as const;
  for (const [table, detail] of Object.entries(tables)) {
    db.exec(
      `CREATE VIRTUAL TABLE ${table} USING fts5(text, ${detail}, content='', contentless_delete=1, tokenize='${TOKENIZER}')`,
    );
    db.prepare(`INSERT INTO ${table} (rowid, text) VALUES (1, ?)`).run(searchable(answers));
  }
  const search = searchOf(typed);
  const isIn = (table: keyof typeof tables, match: string) =>
    db.prepare(`SELECT rowid FROM ${table} WHERE ${table} MATCH ?`).get(match) !== undefined;
  const found =
    search.words.every((word) => isIn("words", word)) && (search.phrases === null || isIn("phrases", search.phrases));
  db.close();
  return found;
}

it.each([
  ["whole words, whatever their case and accents", "poincare CONJECTURE", "the Poincaré conjecture", true],
  ["not a part of a word", "jecture", "the conjecture", false],
  ["the beginning of a word when asked for", "conj*", "the conjecture", true],
  ["all words, in any order", "b a", "a then b", true],
  ["not only some of them", "a c", "a then b", false],
  ["a phrase", '"a then"', "a then b", true],
  ["not its words apart", '"a b"', "a then b", false],
  ["LaTeX by its words and numbers in their order", "\\frac{1}{2}", "so \\frac{1}{2} + x", true],
  ["not in another order", "\\frac{1}{2}", "so \\frac{2}{1} + x", false],
  ["a part of LaTeX", "{k=1}^{n}", "\\sum_{k=1}^{n} k", true],
  ["one Chinese character", "角", "证明三角形的面积等于", true],
  ["any part of Chinese text", "形的面", "证明三角形的面积等于", true],
  ["not its characters apart", "面角", "证明三角形的面积等于", false],
  ["Japanese and Korean", "数学 함수", "これは数学です 함수를", true],
  ["Thai", "ตัวเลข", "นี่คือตัวเลขสามตัว", true],
  ["words behind a NUL", "after", "before\0after", true],
  ["what looks like FTS syntax", 'NEAR( "x OR', "near x or y", true],
  ["a column name", "answers:x", "answers x", true],
])("finds %s", (_what, typed, text, expected) => {
  expect(finds(typed, text)).toBe(expected);
});

it("no phrase reaches from one answer into the next", () => {
  expect(finds('"one two"', "it is one", "two are here")).toBe(false);
  expect(finds("one two", "it is one", "two are here")).toBe(true);
});

it.each(["", "  ", "++", '""', "\\{}", "*", "\u{e000}"])("says that there is nothing to search for in %j", (typed) => {
  expect(() => searchOf(typed)).toThrow(/There is no word in/);
});
