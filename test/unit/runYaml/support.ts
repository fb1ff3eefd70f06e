import type { SchemaWords } from "../../../src/runYaml/describe.ts";

export const words: SchemaWords = {
  needed: "needed",
  usual: (value, preset) => `default ${value} (${preset})`,
  others: (list) => `others: ${list}`,
  mayBe: (what) => `may be ${what}`,
  group: (names) => `settings ${names}`,
  preset: (...numbers) => numbers.join(" "),
};

/** A text with `|` where the cursor is. */
export function cursor(marked: string): { text: string; offset: number } {
  const offset = marked.indexOf("|");
  return { text: marked.slice(0, offset) + marked.slice(offset + 1), offset };
}
