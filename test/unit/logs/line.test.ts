import fc from "fast-check";
import { expect, it } from "vitest";
import { cleaned, formatLine, parseLine } from "../../../remote-agent/src/run/logs/line.ts";

const above = { t: 5, level: "warning" } as const;
const ESC = String.fromCharCode(27);
const BEL = String.fromCharCode(7);

it("reads back what it writes: time, level, source and text", () => {
  const t = Date.UTC(2026, 10, 26, 21, 33, 1, 123);
  const stored = formatLine(t, "warning", "agent", "the engine hangs");
  expect(stored).toBe("2026-11-26T21:33:01.123Z WARNING agent the engine hangs\n");
  expect(parseLine(stored.trimEnd(), "agent", above)).toEqual({
    t,
    level: "warning",
    source: "agent",
    text: "the engine hangs",
  });
});

it("indents the further lines of a message, so that none can pass for another message", () => {
  const [first = "", second = ""] = formatLine(
    0,
    "error",
    "agent",
    formatLine(0, "info", "agent", "a").repeat(2),
  ).split("\n");
  expect(parseLine(first, "agent", above).level).toBe("error");
  expect(parseLine(second, "agent", above)).toMatchObject(above);
});

it("gives a line without a head the time and level of the line above", () => {
  expect(parseLine("Traceback (most recent call last):", "engine", above)).toEqual({
    ...above,
    source: "engine",
    text: "Traceback (most recent call last):",
  });
});

it.each([
  ["colours stay", `${ESC}[1;31mred${ESC}[0m`, `${ESC}[1;31mred${ESC}[0m`],
  ["the cursor does not move", `a${ESC}[2Jb${ESC}[10;5Hc${ESC}[?25l`, "abc"],
  ["no title is set, no link made", `${ESC}]0;evil${BEL}x${ESC}]8;;http://e${ESC}\\y`, "xy"],
  ["nothing is sent to the terminal's own commands", `a${ESC}Pq#0${ESC}\\b${ESC}cc${ESC}(0d`, "abcd"],
  ["a sequence without an end takes the rest of the line", `a${ESC}]52;c;aGk=`, "a"],
  ["one-byte forms count, too", "a\u009b2Jb\u009d0;t\u009cc", "abc"],
  ["a progress bar shows its last state", "10%\r 50%\r100%", "100%"],
  ["text is not turned around", "a\u202eb\u200bc", "abc"],
  ["tabs stay, bells go", `a\tb${BEL}`, "a\tb"],
])("shows on a terminal only what is harmless: %s", (_, raw, shown) => {
  expect(cleaned(raw)).toBe(shown);
});

it("leaves nothing that steers a terminal, whatever the bytes", () => {
  const piece = fc.constantFrom(ESC, "[", "]", "2J", "m", "1;31m", BEL, "\\", "\u009b", "P", "a", " ", ";", "\r", "?");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const colours = new RegExp(`${ESC}\\[[0-9;:]*m`, "g");
      expect(cleaned(pieces.join("")).replace(colours, "")).not.toMatch(/\p{Cc}/u);
    }),
    { numRuns: 2000 },
  );
});

it("cuts a line of megabytes and says so", () => {
  const text = cleaned("x".repeat(2_000_000));
  expect(text.length).toBeLessThan(17_000);
  expect(text).toContain("more characters");
});
