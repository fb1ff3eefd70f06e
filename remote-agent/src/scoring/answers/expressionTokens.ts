import { add, constant, type ExactSum, multiply, type Rational, rational } from "./exactSum.ts";

export type Token =
  | { readonly kind: "number"; readonly text: string; readonly value: ExactSum }
  | { readonly kind: "letter"; readonly text: string }
  | { readonly kind: "command"; readonly text: string }
  | { readonly kind: "symbol"; readonly text: string };

const token =
  /\s*(?:(?<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\.?\\overline\{\d+\})?(?:[eE][-+]?\d{1,3}(?![\w.]))?|\.\d+)|\\(?<command>[a-zA-Z]+)|(?<word>[a-zA-Z]+)|(?<symbol>[-+*/^!()[\]{}]))/y;

const words: Readonly<Record<string, string>> = { pi: "pi", sqrt: "sqrt", infinity: "infty", oo: "infty" };

/**
 * The tokens of an expression. Null where something else stands in it: words (`yes` is no product of y, e and s), and
 * `e`, because sums of its powers with those of π are not known to be independent.
 */
export function tokensOf(expression: string): Token[] | null {
  const text = expression.trimEnd();
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const groups = token.exec(text)?.groups;
    if (groups === undefined) return null;
    const { number, command, word, symbol } = groups;
    if (number !== undefined) {
      const value = numberOf(number);
      if (value === null) return null;
      tokens.push({ kind: "number", text: number, value });
    } else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol });
    else if (command !== undefined) tokens.push({ kind: "command", text: command });
    else if (word !== undefined) {
      const named = words[word];
      if (named !== undefined) tokens.push({ kind: "command", text: named });
      else if (word.length === 1 && word !== "e") {
        if (tokens.at(-1)?.kind === "letter") return null; // `x y` may be words as well
        tokens.push({ kind: "letter", text: word });
      } else return null;
    }
  }
  return tokens;
}

/** A decimal, exactly: `1,234.5`, `.5`, `1.5e-3`, `0.1\overline{6}`. */
function numberOf(text: string): ExactSum | null {
  if (/^[\d,]*\\overline/.test(text)) return null; // what is repeated stands after the point
  const match = /^([\d,]*)(?:\.(\d*))?(?:\.?\\overline\{(\d+)\})?(?:[eE]([-+]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, integer = "", fraction = "", repeated, exponent = "0"] = match;
  const digits = `${integer.replaceAll(",", "")}${fraction}`;
  const scaled = rational(BigInt(digits === "" ? "0" : digits), 10n ** BigInt(fraction.length));
  if (scaled === null) return null;
  let value = constant(scaled);
  if (repeated !== undefined) {
    // 0.a…(b…) = 0.a… + b…/(10^|b| − 1)/10^|a|
    const nines = (10n ** BigInt(repeated.length) - 1n) * 10n ** BigInt(fraction.length);
    const tail = rational(BigInt(repeated), nines);
    const total = tail === null ? null : add(value, constant(tail));
    if (total === null) return null;
    value = total;
  }
  const shift = shiftOf(Number(exponent));
  return shift === null ? null : multiply(value, constant(shift));
}

function shiftOf(exponent: number): Rational | null {
  const size = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0 ? rational(1n, size) : rational(size);
}
