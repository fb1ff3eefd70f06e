/** A sentence that can be said in another language where a person reads it: its English pattern, and what fills `{0}`, `{1}`, … */
export interface Sentence {
  readonly pattern: string;
  readonly parts: readonly (string | number)[];
}

/** A sentence as one writes it. A test puts its pattern among the messages for translators. */
export function say(strings: TemplateStringsArray, ...parts: (string | number)[]): Sentence {
  const pattern = strings.reduce((before, after, i) => `${before}{${i - 1}}${after}`);
  return { pattern, parts };
}

export function english({ pattern, parts }: Sentence): string {
  return pattern.replace(/\{(\d+)\}/g, (_, n: string) => String(parts[Number(n)] ?? ""));
}
