import {
  add,
  asInteger,
  asRational,
  constant,
  divide,
  type ExactSum,
  exactRoot,
  imaginaryUnit,
  multiply,
  negate,
  piConstant,
  power,
  rational,
  squareRoot,
  variable,
  whole,
} from "./exactSum.ts";
import { type Token, tokensOf } from "./expressionTokens.ts";

/**
 * The exact value of a normalised expression: numbers, fractions, roots, powers, π, i and single-letter variables under
 * + − · / and parentheses, in LaTeX or plain text. Null for whatever else stands in it, for what is ambiguous
 * (`1/2x`), and for what grows too large. Nothing is evaluated but this arithmetic.
 */
export function exactValue(text: string): ExactSum | null {
  const tokens = tokensOf(text);
  if (tokens === null) return null;
  try {
    const reader = new Reader(tokens);
    const value = reader.sum();
    return reader.done() ? value : null;
  } catch (error) {
    if (error instanceof Undecided) return null;
    throw error;
  }
}

/** Leaves the grammar from any depth; never seen outside this file. */
class Undecided extends Error {
  override readonly name = "Undecided";
}

const deepest = 40;

class Reader {
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  done(): boolean {
    return this.#at === this.#tokens.length;
  }

  sum(): ExactSum {
    if (++this.#depth > deepest) throw new Undecided();
    let total = this.#signed();
    while (this.#isSymbol("+") || this.#isSymbol("-")) {
      const minus = this.#take().text === "-";
      const next = this.#signed();
      total = known(add(total, minus ? negate(next) : next));
    }
    this.#depth--;
    return total;
  }

  #signed(): ExactSum {
    let sign = 1;
    while (this.#isSymbol("+") || this.#isSymbol("-")) if (this.#take().text === "-") sign = -sign;
    const value = this.#product();
    return sign < 0 ? negate(value) : value;
  }

  #product(): ExactSum {
    let value = this.#factor();
    let divided = false;
    for (;;) {
      if (this.#isSymbol("*")) {
        this.#take();
        value = known(multiply(value, this.#signedFactor()));
      } else if (this.#isSymbol("/")) {
        this.#take();
        value = known(divide(value, this.#signedFactor()));
        divided = true;
      } else if (this.#startsFactor()) {
        // Is 1/2x half of x or one over 2x? And 2 3 is no product.
        if (divided || this.#next?.kind === "number") throw new Undecided();
        value = known(multiply(value, this.#factor()));
      } else return value;
    }
  }

  #signedFactor(): ExactSum {
    if (!this.#isSymbol("-")) return this.#factor();
    this.#take();
    return negate(this.#factor());
  }

  #factor(): ExactSum {
    let value = this.#atom();
    for (;;) {
      if (this.#isSymbol("^")) {
        this.#take();
        value = known(power(value, known(asRational(this.#exponent()))));
        if (this.#isSymbol("^")) throw new Undecided(); // TeX refuses a tower without braces
      } else if (this.#isSymbol("!")) {
        this.#take();
        value = factorial(known(asInteger(value)));
      } else return value;
    }
  }

  #exponent(): ExactSum {
    if (this.#isSymbol("{")) return this.#group("{", "}");
    if (this.#isSymbol("(")) return this.#group("(", ")");
    const minus = this.#isSymbol("-");
    if (minus) this.#take();
    const value = this.#atom();
    return minus ? negate(value) : value;
  }

  #atom(): ExactSum {
    const token = this.#take();
    switch (token.kind) {
      case "number":
        return this.#mixed(token.value);
      case "letter":
        return token.text === "i" ? imaginaryUnit : variable(token.text);
      case "command":
        return this.#command(token.text);
      case "symbol": {
        const closing = { "(": ")", "[": "]", "{": "}" }[token.text];
        if (closing === undefined) throw new Undecided();
        this.#at--;
        return this.#group(token.text, closing);
      }
    }
  }

  /** `2\frac{1}{3}` is a mixed number where the fraction is a proper one of positive integers. */
  #mixed(value: ExactSum): ExactSum {
    const next = this.#next;
    if (next?.kind !== "command" || next.text !== "frac") return value;
    const integer = asInteger(value);
    this.#take();
    this.#splitDigits();
    const [above, below] = [this.#argument(), this.#argument()].map(asInteger);
    const proper = integer !== null && integer > 0n && above != null && below != null && 0n < above && above < below;
    if (!proper) throw new Undecided();
    return known(add(value, constant(known(rational(above, below)))));
  }

  #command(name: string): ExactSum {
    switch (name) {
      case "pi":
        return piConstant;
      case "infty":
        return variable("∞");
      case "frac":
        this.#splitDigits();
        return known(divide(this.#argument(), this.#argument()));
      case "sqrt": {
        const degree = this.#isSymbol("[") ? known(asInteger(this.#group("[", "]"))) : 2n;
        const radicand = this.#isSymbol("(") ? this.#group("(", ")") : this.#argument();
        return known(degree === 2n ? squareRoot(radicand) : exactRoot(radicand, Number(degree)));
      }
      case "binom":
        return binomial(known(asInteger(this.#argument())), known(asInteger(this.#argument())));
      default:
        throw new Undecided();
    }
  }

  /** What a command applies to: `{…}`, or in TeX's way one digit or letter. */
  #argument(): ExactSum {
    if (this.#isSymbol("{")) return this.#group("{", "}");
    const token = this.#next;
    if (token?.kind === "letter" || token?.kind === "command") return this.#atom();
    if (token?.kind !== "number" || !/^\d$/.test(token.text)) throw new Undecided();
    this.#at++;
    return token.value;
  }

  /** `\frac12` is 1/2: the row of two digits is taken apart before its arguments are read. */
  #splitDigits(): void {
    const token = this.#next;
    if (token?.kind !== "number" || !/^\d\d$/.test(token.text)) return;
    const digits = [...token.text].map((text) => ({ kind: "number" as const, text, value: whole(Number(text)) }));
    this.#tokens.splice(this.#at, 1, ...digits);
  }

  #group(open: string, close: string): ExactSum {
    if (this.#take().text !== open) throw new Undecided();
    const value = this.sum();
    if (!this.#isSymbol(close)) throw new Undecided();
    this.#take();
    return value;
  }

  #startsFactor(): boolean {
    const token = this.#next;
    if (token === undefined) return false;
    return token.kind !== "symbol" || token.text === "(" || token.text === "{";
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #isSymbol(text: string): boolean {
    return this.#next?.kind === "symbol" && this.#next.text === text;
  }

  #take(): Token {
    const token = this.#next;
    if (token === undefined) throw new Undecided();
    this.#at++;
    return token;
  }
}

function known<T>(value: T | null): T {
  if (value === null) throw new Undecided();
  return value;
}

function factorial(n: bigint): ExactSum {
  if (n < 0n || n > 200n) throw new Undecided();
  let product = 1n;
  for (let factor = 2n; factor <= n; factor++) product *= factor;
  return constant({ numerator: product, denominator: 1n });
}

function binomial(n: bigint, k: bigint): ExactSum {
  if (n < 0n || n > 500n || k < 0n || k > n) throw new Undecided();
  let value = 1n;
  for (let i = 1n; i <= k; i++) value = (value * (n - k + i)) / i;
  return constant({ numerator: value, denominator: 1n });
}
