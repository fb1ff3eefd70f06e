import { canonical, constant, type ExactSum, multiply, negate } from "./exactSum.ts";
import { exactValue } from "./expression.ts";
import { splitUnit, type Unit } from "./units.ts";

/** What an answer says, where that is certain. */
export type AnswerValue =
  | { readonly kind: "number"; readonly sum: ExactSum; readonly unit: Unit | null; readonly percent: boolean }
  | { readonly kind: "named"; readonly name: string; readonly value: AnswerValue }
  /** Brackets as they stand: `(1, 2]` is an interval, `(1, 2)` an interval or a point. */
  | { readonly kind: "tuple"; readonly open: string; readonly close: string; readonly items: readonly AnswerValue[] }
  /** Order and repetitions say nothing. `bare`: written without braces. */
  | { readonly kind: "set"; readonly bare: boolean; readonly items: readonly AnswerValue[] };

const mostItems = 32;

/** The value of a normalised answer; null where it is not certain. */
export function answerValue(text: string, nested = false): AnswerValue | null {
  const named =
    nested && text.includes(",") ? null : /^([a-zA-Z](?:_\{?\w{1,3}\}?)?(?:\([a-z]\))?)=([^=<>]+)$/.exec(text);
  if (named !== null) {
    const value = answerValue(named[2] as string, true);
    return value === null ? null : { kind: "named", name: named[1] as string, value };
  }
  if (!nested && isGroupedNumber(text)) return numberValue(text);
  const parts = topLevelParts(text);
  if (parts === null) return null;
  if (parts.length > 1) return nested ? null : setOf(parts, true);
  if (text.startsWith("\\pm")) return plusMinus(text.slice(3));
  const braced = /^\\\{(.*)\\\}$/.exec(text);
  if (braced !== null) {
    const inner = topLevelParts(braced[1] as string);
    return inner === null ? null : setOf(inner, false);
  }
  if (isGroupedNumber(text.replace(/^[([](.*)[)\]]$/, "$1"))) return null; // (1,234) is a point or a number
  return tupleValue(text) ?? numberValue(text);
}

function numberValue(text: string): AnswerValue | null {
  // Infinity is an end of the line and no number to reckon with: ∞ − ∞ is not 0.
  if (text.includes("infty") && !/^[-+]?\\infty$/.test(text)) return null;
  const percent = text.endsWith("%");
  const withoutPercent = percent ? text.slice(0, -1) : text;
  const split = percent ? null : splitUnit(withoutPercent);
  const sum = exactValue(mixedInWords(split?.before ?? withoutPercent));
  return sum === null ? null : { kind: "number", sum, unit: split?.unit ?? null, percent };
}

/** `2 1/3` is a mixed number. */
function mixedInWords(text: string): string {
  return text.replace(/^(-?)(\d+) (\d+)\/(\d+)$/, (whole, sign, integer, above, below) =>
    BigInt(above) < BigInt(below) ? `${sign}(${integer}+${above}/${below})` : whole,
  );
}

function isGroupedNumber(text: string): boolean {
  return /^-?\d{1,3}(,\d{3})+(\.\d+)?( ?[a-zA-Z%]+)?$/.test(text);
}

function tupleValue(text: string): AnswerValue | null {
  const [open, close] = [text.at(0) ?? "", text.at(-1) ?? ""];
  if (!"([".includes(open) || !")]".includes(close) || text.length < 3) return null;
  const parts = topLevelParts(text.slice(1, -1));
  if (parts === null || parts.length < 2) return null;
  const items = valuesOf(parts);
  return items === null ? null : { kind: "tuple", open, close, items };
}

function setOf(parts: readonly string[], bare: boolean): AnswerValue | null {
  const items = valuesOf(parts);
  return items === null ? null : { kind: "set", bare, items };
}

function plusMinus(text: string): AnswerValue | null {
  const value = answerValue(text, true);
  if (value?.kind !== "number") return null;
  return { kind: "set", bare: true, items: [value, { ...value, sum: negate(value.sum) }] };
}

function valuesOf(parts: readonly string[]): AnswerValue[] | null {
  if (parts.length > mostItems) return null;
  const items: AnswerValue[] = [];
  for (const part of parts) {
    const value = answerValue(part, true);
    if (value === null) return null;
    items.push(value);
  }
  return items;
}

/** The text cut at commas outside brackets; null where brackets do not match or a part is empty. Interval ends may differ. */
function topLevelParts(text: string): string[] | null {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (const [at, character] of [...text].entries()) {
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    if (depth < 0) return null;
  }
  parts.push(text.slice(from));
  return depth === 0 && parts.every((part) => part !== "") ? parts : null;
}

/** A number's value in its base unit, as one text; the unit itself left out. */
export function numberKey({ sum, unit, percent }: Extract<AnswerValue, { kind: "number" }>): string | null {
  const factor = percent ? { numerator: 1n, denominator: 100n } : (unit?.factor ?? null);
  const scaled = factor === null ? sum : multiply(sum, constant(factor));
  return scaled === null ? null : canonical(scaled);
}
