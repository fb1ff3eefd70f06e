/** Characters of a line that are shown; the full log has the rest. */
const LONGEST = 4096;

const ESC = "\u001b";
// ECMA-48: CSI (parameters, intermediates, final), string sequences (OSC, DCS, APC, PM, SOS) up to their end, others. Each branch
// consumes what it looked at, so the time is linear in the text.
const SEQUENCE = new RegExp(
  [
    `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]?`,
    `(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007${ESC}\\u009c]*(?:\\u0007|${ESC}\\\\|\\u009c)?`,
    `${ESC}[ -/]*[0-~]?`,
  ].join("|"),
  "gu",
);
const COLOURS = new RegExp(`^${ESC}\\[([0-9;:]{0,64})m$`);
/** Control characters and invisible formatting ones: the latter can turn text around. The tab is neither here. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A line of a log as a terminal may show it, whoever wrote it: colours stay, everything else that would steer the terminal goes. Of a
 * progress bar that redraws itself with `\r`, what would be seen in the end. Ends without a colour.
 */
export function terminalText(raw: string): string {
  const whole = raw.replace(/[\r\n]+$/, "");
  const seen = whole.slice(whole.lastIndexOf("\r") + 1).toWellFormed();
  const parts: string[] = [];
  let length = 0;
  let left = 0;
  let coloured = false;
  const add = (text: string) => {
    const harmless = text.replace(STEERING, (character) => (character === "\t" ? character : ""));
    const shown = cut(harmless, LONGEST - length);
    parts.push(shown);
    length += shown.length;
    left += harmless.length - shown.length;
  };
  let at = 0;
  for (const match of seen.matchAll(SEQUENCE)) {
    add(seen.slice(at, match.index));
    at = match.index + match[0].length;
    const colours = left > 0 ? "" : colourSequence(match[0]);
    coloured ||= colours !== "";
    parts.push(colours);
  }
  add(seen.slice(at));
  return `${parts.join("")}${coloured ? `${ESC}[0m` : ""}${left > 0 ? `… (+${left})` : ""}`;
}

/** At most so many UTF-16 units, and no half of a character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most > 0 && /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return text.slice(0, Math.max(0, end));
}

/** The sequence as far as it is about colour and weight; not blinking, and not text that cannot be seen. */
function colourSequence(sequence: string): string {
  const parameters = COLOURS.exec(sequence)?.[1];
  if (parameters === undefined) return "";
  const given = parameters.split(/[;:]/).map((text) => (text === "" ? 0 : Number(text)));
  const kept: number[] = [];
  for (let i = 0; i < given.length; i++) {
    const code = given[i] ?? 0;
    if (code === 38 || code === 48) {
      const count = given[i + 1] === 5 ? 3 : given[i + 1] === 2 ? 5 : 1;
      const colour = given.slice(i, i + count);
      if (count > 1 && colour.length === count && colour.every((part) => part <= 255)) kept.push(...colour);
      i += count - 1;
    } else if (plain.has(code)) kept.push(code);
  }
  return kept.length === 0 ? "" : `${ESC}[${kept.join(";")}m`;
}

/** Reset, weight, underline, inverse and their ends; the sixteen colours of text and ground. */
const plain: ReadonlySet<number> = new Set([
  ...[0, 1, 2, 3, 4, 7, 9, 22, 23, 24, 27, 29, 39, 49],
  ...Array.from({ length: 8 }, (_, i) => [30 + i, 40 + i, 90 + i, 100 + i]).flat(),
]);
