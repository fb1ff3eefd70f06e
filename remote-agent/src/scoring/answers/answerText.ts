/** Answers longer than this are compared as they stand: an answer is short, and a long text is no answer. */
export const longestAnswer = 400;

/** Layout that changes nothing about what an answer says. */
const layout: readonly (readonly [RegExp, string])[] = [
  [/\\(?:left|right|big|Big|bigg|Bigg)(?![a-zA-Z])\s*/g, ""],
  [/\\(?:displaystyle|textstyle|limits|quad|qquad)(?![a-zA-Z])/g, " "],
  [/(\d)(?:\\,|\\ |\{,\}|~|\u2009|\u202f|\\!)(?=\d{3}(?!\d))/g, "$1,"], // thousands with a thin space
  [/\\[!,;:> ]|~|[\u2009\u202f\u00a0]/g, " "],
  [/\\[dtc]frac(?![a-zA-Z])/g, "\\frac"],
  [/\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|operatorname|mbox)\s*\{([^{}]*)\}/g, " $1 "],
  [/\\(?:cdot|times|ast)(?![a-zA-Z])|[×·⋅]/g, "*"],
  [/\*\*/g, "^"],
  [/\\div(?![a-zA-Z])|÷/g, "/"],
  [/[−–—]/g, "-"],
  [/\\%|％/g, "%"],
  [/\\?\$|[€£]/g, ""],
  [/\\lbrace(?![a-zA-Z])/g, "\\{"],
  [/\\rbrace(?![a-zA-Z])/g, "\\}"],
  [/π|\\pi(?![a-zA-Z])/g, "\\pi "],
  [/∞|\\infty(?![a-zA-Z])|\\infinity(?![a-zA-Z])/g, "\\infty "],
  [/√/g, "\\sqrt"],
  [/±/g, "\\pm "],
  [/∪/g, "\\cup "],
  [/≤|\\leq?(?![a-zA-Z])/g, "\\le "],
  [/≥|\\geq?(?![a-zA-Z])/g, "\\ge "],
  [/\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-zA-Z])|°/g, " degrees "],
  [/\s+(?:or|and)\s+/g, ", "],
];

/**
 * An answer without what is only typography: math delimiters, LaTeX spacing and sizes, `\text{}`, currency signs, and the
 * full stop at the end of a sentence. Idempotent on its own output in practice, and never longer by more than a constant factor.
 */
export function normalisedAnswer(answer: string): string {
  let text = answer.trim();
  for (const [open, close] of [
    ["\\(", "\\)"],
    ["\\[", "\\]"],
  ] as const) {
    if (text.startsWith(open) && text.endsWith(close)) text = text.slice(2, -2);
  }
  for (const [pattern, replacement] of layout) text = text.replace(pattern, replacement);
  return text
    .replace(/\s+/g, " ")
    .replace(/\s*([-+*/^=,()[\]{}<>|%])\s*/g, "$1")
    .replace(/\.$/, "")
    .trim();
}
