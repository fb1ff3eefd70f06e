/**
 * Text as Markdown that shows just this text. VS Code's own `appendText` leaves addresses, which become links by themselves, and
 * references such as `&#x202e;`, which become the very characters that were made visible before.
 */
export function markdownText(text: string): string {
  return text
    .replace(/[!-/:-@[-`{-~]/g, "\\$&") // CommonMark 2.4: every mark of ASCII may stand behind a backslash, as itself
    .replace(/^[ \t]+|[ \t]{2,}/gm, (blanks) => "&nbsp;".repeat(blanks.length)) // they would be code, a break, or one space
    .replaceAll("\n", "\n\n");
}
