/** One-directional grading, as mathruler's grade(given, truth). */
export type Grade = (given: string, truth: string) => boolean;

/** When two answers are one class: the same string, both containing "no " (no solution, no such number), or graded equal in either direction. */
export function equalByGrade(grade: Grade): (a: string, b: string) => boolean {
  return (a, b) => a === b || (saysNo(a) && saysNo(b)) || grade(a, b) || grade(b, a);
}

function saysNo(answer: string): boolean {
  return answer.toLowerCase().includes("no ");
}

/**
 * Plain grading of numbers and simple fractions, with no symbolic engine: 1,000 = 1000.0 = $1000$ = 1000%, 1/2 = 0.5 = \frac{1}{2}.
 * As in the reference, an integer equals only an integer, and two fractions only when written with the same numbers.
 */
export const gradePlainNumbers: Grade = (given, truth) => {
  const [a, b] = [readNumber(given), readNumber(truth)];
  if (a === null || b === null) return false;
  if (a.fraction !== null && b.fraction !== null) return a.fraction === b.fraction;
  return Number.isInteger(a.value) === Number.isInteger(b.value) && a.value === b.value;
};

interface ReadNumber {
  readonly value: number;
  /** "numerator/denominator" as written, null for a decimal. */
  readonly fraction: string | null;
}

function readNumber(answer: string): ReadNumber | null {
  const text = answer
    .replaceAll(/\\text\{([^{}]*)\}/g, "$1")
    .replaceAll(/\\?[$%]/g, "")
    .replaceAll(/\\[dt]frac/g, "\\frac")
    .replace(/(\d) ?(cm|mm|km|m|meters?|inch(es)?|degrees?|units?)$/, "$1")
    .replaceAll(/,(?=\d{3}(\D|$))/g, "")
    .trim();
  const fraction = /^(-?)(?:\\frac(?:\{(\d+)\}\{(\d+)\}|(\d)(\d))|(\d+)\/(\d+))$/.exec(text);
  if (fraction === null) return /^-?(\d+\.?\d*|\.\d+)$/.test(text) ? { value: Number(text), fraction: null } : null;
  const [, sign, ...digits] = fraction;
  const [numerator, denominator] = digits.filter((part) => part !== undefined).map(Number);
  if (numerator === undefined || !denominator) return null;
  const value = (sign === "-" ? -1 : 1) * (numerator / denominator);
  return { value, fraction: `${sign}${numerator}/${denominator}` };
}
