/**
 * What a model or a person wrote, as text that cannot deceive in an editor: everything invisible (control characters, marks of
 * direction, zero-width and private characters, halves of surrogate pairs) is written out as \u{…}. Line breaks stay.
 */
export function visibleText(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029\u0085\v\f]/g, "\n")
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u115f\u1160\u3164\uffa0]/gu, (char) =>
      char === "\n" ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
    );
}

/** On one line. */
export function visibleLine(text: string): string {
  // Line by line: an expression over both sides of a line's end would look at a long run of spaces again from each of them.
  const [first = "", ...others] = visibleText(text).split("\n");
  if (others.length === 0) return first;
  const last = others.pop() ?? "";
  const between = others.map((line) => line.trim()).filter((line) => line !== "");
  return [first.trimEnd(), ...between, last.trimStart()].join(" ⏎ ");
}
