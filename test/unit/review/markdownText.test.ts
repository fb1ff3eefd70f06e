import fc from "fast-check";
import { expect, test } from "vitest";
import { markdownText } from "../../../src/markdownText.ts";

test("marks, addresses and references are words", () => {
  expect(markdownText("see https://evil.invalid, a@b.cd &#x202e; <b> [x](command:y) *z*")).toBe(
    String.raw`see https\:\/\/evil\.invalid\, a\@b\.cd \&\#x202e\; \<b\> \[x\]\(command\:y\) \*z\*`,
  );
});

test("a line's indentation and spaces in a row stay, and each line is a paragraph", () => {
  expect(markdownText("    code?\na  b\tc")).toBe(
    "&nbsp;&nbsp;&nbsp;&nbsp;code?\n\na&nbsp;&nbsp;b\tc".replace("?", "\\?"),
  );
});

test("no mark of ASCII is left that could mean something, and none is lost", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = markdownText(text);
      const own = shown.replaceAll("&nbsp;", "");
      expect(own.replace(/\\[!-/:-@[-`{-~]/g, "")).not.toMatch(/[!-/:-@[-`{-~]/);
      const back = own.replace(/\\([!-/:-@[-`{-~])/g, "$1");
      expect(back.replace(/[ \t\n]/g, "")).toBe(text.replace(/[ \t\n]/g, ""));
    }),
  );
});
