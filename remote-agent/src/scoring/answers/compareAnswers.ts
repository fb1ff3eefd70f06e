import { longestAnswer, normalisedAnswer } from "./answerText.ts";
import { type AnswerValue, answerValue, numberKey } from "./answerValue.ts";
import { canonical } from "./exactSum.ts";

/** What decided: the same text, the same text but for typography, “no …” on both sides, exact values, or nothing. */
export type PlainRule =
  | "same_string"
  | "same_text"
  | "both_no"
  | "exact_number"
  | "exact_collection"
  | "words"
  | "undecided";

export interface PlainVerdict {
  /** Null: not certain. */
  readonly equal: boolean | null;
  readonly rule: PlainRule;
}

/**
 * Whether two answers are the same, by typography and exact arithmetic alone: nothing is evaluated, and where it answers
 * it is right. Roots, π, i and polynomials are compared exactly; rounded decimals are other numbers than what they round.
 */
export function compareAnswers(a: string, b: string): PlainVerdict {
  if (a === b) return { equal: true, rule: "same_string" };
  if (saysNo(a) && saysNo(b)) return { equal: true, rule: "both_no" };
  if (a.length > longestAnswer || b.length > longestAnswer) return undecided;
  const [first, second] = [read(a), read(b)];
  const [x, y] = [first.text, second.text];
  if (x === y && x !== "") return { equal: true, rule: "same_text" };
  const [left, right] = [first.value, second.value];
  if (left === null || right === null) return compareWords(x, y);
  const equal = sameValue(left, right);
  if (equal === null || (equal === false && x.toLowerCase() === y.toLowerCase())) return undecided;
  return { equal, rule: isNumber(left) && isNumber(right) ? "exact_number" : "exact_collection" };
}

interface Read {
  readonly text: string;
  readonly value: AnswerValue | null;
}

// An answer of a vote is compared with many others. Reading is pure, so what is remembered changes nothing but time.
const remembered = new Map<string, Read>();
const mostRemembered = 4096;

function read(answer: string): Read {
  const known = remembered.get(answer);
  if (known !== undefined) return known;
  const text = normalisedAnswer(answer);
  const fresh = { text, value: answerValue(text) };
  if (remembered.size >= mostRemembered) remembered.clear();
  remembered.set(answer, fresh);
  return fresh;
}

const undecided: PlainVerdict = { equal: null, rule: "undecided" };

function saysNo(answer: string): boolean {
  return answer.toLowerCase().includes("no ");
}

/** Words differ from words only in case: `Even` is `even`. Different words may still mean the same. */
function compareWords(x: string, y: string): PlainVerdict {
  const words = /^[a-zA-Z]{2,}(?: [a-zA-Z]+)*$/;
  return words.test(x) && words.test(y) && x.toLowerCase() === y.toLowerCase()
    ? { equal: true, rule: "words" }
    : undecided;
}

function isNumber(value: AnswerValue): boolean {
  return value.kind === "number" || (value.kind === "named" && isNumber(value.value));
}

function sameValue(a: AnswerValue, b: AnswerValue): boolean | null {
  if (a.kind === "named" && b.kind === "named") {
    const equal = sameValue(a.value, b.value);
    return a.name === b.name || equal === false ? equal : null; // x = 5 and y = 5: who knows what was asked
  }
  if (a.kind === "named") return sameValue(a.value, b);
  if (b.kind === "named") return sameValue(a, b.value);
  if (a.kind === "number" && b.kind === "number") return sameNumber(a, b);
  if (a.kind === "tuple" && b.kind === "tuple") return sameTuple(a, b);
  if (a.kind === "set" && b.kind === "set") return sameSet(a, b);
  return null;
}

type NumberValue = Extract<AnswerValue, { kind: "number" }>;

function sameNumber(a: NumberValue, b: NumberValue): boolean | null {
  const written = canonical(a.sum) === canonical(b.sum);
  if (a.percent !== b.percent) return a.unit !== null || b.unit !== null ? null : written || sameScaled(a, b);
  if (a.unit === null || b.unit === null) return written; // a unit may be left out
  if (a.unit.dimension === b.unit.dimension) return sameScaled(a, b);
  return canConvert(a, b) ? null : false;
}

function sameScaled(a: NumberValue, b: NumberValue): boolean | null {
  const [x, y] = [numberKey(a), numberKey(b)];
  return x === null || y === null ? null : x === y;
}

/** Dimensions between which this file knows no factor, but the world does: metres and feet, dollars and cents. */
function canConvert(a: NumberValue, b: NumberValue): boolean {
  const pairs = ["length imperial", "dollar cent"];
  const dimensions = [a.unit?.dimension.replace(/\^.*/, ""), b.unit?.dimension.replace(/\^.*/, "")];
  return pairs.some((pair) => pair.split(" ").every((dimension) => dimensions.includes(dimension)));
}

type Tuple = Extract<AnswerValue, { kind: "tuple" }>;

function sameTuple(a: Tuple, b: Tuple): boolean | null {
  if (a.items.length !== b.items.length) return false;
  const verdict = every(a.items.map((item, i) => sameValue(item, b.items[i] as AnswerValue)));
  if (verdict !== true || (a.open === b.open && a.close === b.close)) return verdict;
  if ([a, b].some(isInterval)) return false;
  return a.items.length === 2 ? null : verdict; // [1, 2] is a closed interval, or the point (1, 2) in other brackets
}

/** Certainly an interval: its brackets differ. */
function isInterval({ open, close }: Tuple): boolean {
  return (open === "(") !== (close === ")");
}

type SetValue = Extract<AnswerValue, { kind: "set" }>;

/** Each item of either side has its equal on the other. Decimal commas (`3,14`) make bare pairs of integers uncertain. */
function sameSet(a: SetValue, b: SetValue): boolean | null {
  const within = (items: readonly AnswerValue[], other: readonly AnswerValue[]) =>
    every(items.map((item) => some(other.map((one) => sameValue(item, one)))));
  return every([within(a.items, b.items), within(b.items, a.items)]);
}

function every(verdicts: readonly (boolean | null)[]): boolean | null {
  if (verdicts.includes(false)) return false;
  return verdicts.includes(null) ? null : true;
}

function some(verdicts: readonly (boolean | null)[]): boolean | null {
  if (verdicts.includes(true)) return true;
  return verdicts.includes(null) ? null : false;
}
