import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { terminalText } from "../../../src/logs/terminalText.ts";

const ESC = "\u001b";
/** What must never reach the terminal, once the colours that may are taken away. */
const STEERING = /[^\t\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const withoutColours = (text: string) => text.replace(new RegExp(`${ESC}\\[\\d+(?:;\\d+)*m`, "g"), "");

describe("a line of a log in the terminal", () => {
  it.each([
    ["plain", "loss 0.31\tstep 3", "loss 0.31\tstep 3"],
    ["coloured", `${ESC}[1;31mred${ESC}[0m`, `${ESC}[1;31mred${ESC}[0m${ESC}[0m`],
    [
      "in 256 and in all colours",
      `${ESC}[38;5;196ma${ESC}[48:2:1:2:3mb`,
      `${ESC}[38;5;196ma${ESC}[48;2;1;2;3mb${ESC}[0m`,
    ],
    ["a progress bar", "10 %\r50 %\r100 %\r\n", "100 %"],
    ["a title set by OSC", `${ESC}]0;owned\u0007after`, "after"],
    [
      "a link that says one thing and goes elsewhere",
      `${ESC}]8;;https://bad${ESC}\\https://good${ESC}]8;;${ESC}\\`,
      "https://good",
    ],
    ["a clipboard write", `a${ESC}]52;c;ZXZpbA==\u0007b`, "ab"],
    ["a string sequence without an end", `a${ESC}Pq#0;2;0`, "a"],
    ["clearing the screen, moving, alternate screen", `a${ESC}[2J${ESC}[1;1H${ESC}[?1049hb`, "ab"],
    ["asking the terminal something", `a${ESC}[6n${ESC}[c${ESC}Zb`, "ab"],
    ["eight-bit controls", "a\u009b2Jb\u009d0;t\u009cc", "abc"],
    ["hidden and blinking text", `${ESC}[8mhidden${ESC}[5m`, "hidden"],
    ["text turned around", "abc\u202edcba\u2066x\u2069", "abcdcbax"],
    ["further lines", "a\u2028b\u0085c", "abc"],
    ["an escape at the end", `a${ESC}`, "a"],
    ["half a character", "a\ud83d", "a\ufffd"],
  ])("%s", (_what, raw, shown) => {
    expect(terminalText(raw)).toBe(shown);
  });

  it("a huge line is cut and says how much is left out; a cut leaves no half character", () => {
    expect(terminalText("x".repeat(1_000_000))).toBe(`${"x".repeat(4096)}… (+995904)`);
    expect(terminalText("😀".repeat(5000)).isWellFormed()).toBe(true);
    expect(terminalText(`x${"😀".repeat(5000)}`).isWellFormed()).toBe(true);
    expect(terminalText(`${ESC}[`.repeat(200_000)).length).toBeLessThan(5000);
    expect(terminalText(`${ESC}]`.repeat(200_000))).toBe("");
  });

  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      ESC,
      "[",
      "]",
      "P",
      "m",
      "\u009b",
      "\u009d",
      "\u0007",
      `${ESC}\\`,
      ";",
      "?",
      "31",
      "\u202e",
      "\u2066",
      "\r",
      "\n",
      "\ud800",
      "\u200b",
    ),
    fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 6 }).map((codes) => `${ESC}[${codes.join(";")}m`),
  );
  const hostile = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));

  it("has nothing that steers, whatever comes; showing it again changes nothing", () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const shown = terminalText(raw);
        expect(withoutColours(shown)).not.toMatch(STEERING);
        expect(stripVTControlCharacters(shown)).toBe(withoutColours(shown));
        const again = terminalText(shown);
        expect(withoutColours(again)).toBe(withoutColours(shown));
      }),
      { numRuns: 2000 },
    );
  });

  it("loses nothing of an ordinary line", () => {
    const ordinary = fc
      .string({ unit: "grapheme", maxLength: 300 })
      .filter((text) => !STEERING.test(text) && !/\t/.test(text));
    fc.assert(fc.property(ordinary, (text) => terminalText(text) === text));
  });
});
