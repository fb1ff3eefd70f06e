import { expect, test } from "vitest";
import { characterTokens, scriptTokens, wordTokens } from "../../../remote-agent/src/scoring/tokens.ts";

test("words are split where Python's str.split() splits", () => {
  expect(wordTokens(" a\tb\n\u3000c\u001cd\u0085e\ufefff ")).toEqual(["a", "b", "c", "d", "e\ufefff"]);
  expect(wordTokens(" \n ")).toEqual([]);
});

test("characters leave white space out and keep code points whole", () => {
  expect(characterTokens("5 8𝑥")).toEqual(["5", "8", "𝑥"]);
});

test("scripts without spaces are split into characters, words in between stay whole", () => {
  expect(scriptTokens("Let 设函数f(x)满足 x")).toEqual(["Let", "设", "函", "数", "f(x)", "满", "足", "x"]);
});
