/** Line breaks as an input box of one line can hold them. */
export function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

export function unescaped(typed: string): string {
  return typed.replace(/\\(\\|n)/g, (_, char) => (char === "n" ? "\n" : "\\")).trim();
}
