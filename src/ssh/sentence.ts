/**
 * A sentence that can be said in another language where a person reads it: its English pattern, and what fills `{0}`, `{1}`, …, among
 * it other sentences.
 */
export interface Sentence {
  readonly pattern: string;
  readonly parts: readonly (string | number | Sentence)[];
}

/** A sentence as one writes it. A test puts its pattern among the messages for translators. */
export function say(strings: TemplateStringsArray, ...parts: Sentence["parts"]): Sentence {
  const pattern = strings.reduce((before, after, i) => `${before}{${i - 1}}${after}`);
  return { pattern, parts };
}

export function english(sentence: Sentence): string {
  return worded(sentence, ({ pattern }, parts) =>
    pattern.replace(/\{(\d+)\}/g, (_, n: string) => String(parts[Number(n)] ?? "")),
  );
}

/** The sentence in the words of `say`, which is given each with what fills it: inner sentences first. */
export function worded(
  sentence: Sentence,
  say: (sentence: Sentence, parts: readonly (string | number)[]) => string,
): string {
  return say(
    sentence,
    sentence.parts.map((part) => (typeof part === "object" ? worded(part, say) : part)),
  );
}
