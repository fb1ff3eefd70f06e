/**
 * Exact arithmetic for answers: sums of rational multiples of √r · πᵏ · iʲ · (powers of variables), r square-free.
 *
 * These products are linearly independent over the rationals (square roots of different square-free integers are, π is
 * transcendental, variables are free), so two sums are the same number or function exactly when their terms are the
 * same: the form is canonical, and “not equal” is as certain as “equal”.
 *
 * Everything is bounded: what would grow beyond the bounds is null, undecided, and never a wrong value.
 */
export type ExactSum = ReadonlyMap<string, Term>;

export interface Rational {
  readonly numerator: bigint;
  /** Positive, and coprime to the numerator. */
  readonly denominator: bigint;
}

interface Term {
  readonly coefficient: Rational;
  /** Square-free, at least 1. */
  readonly radicand: bigint;
  readonly pi: number;
  readonly imaginary: 0 | 1;
  /** Variables with their powers, sorted by name; no power is 0. */
  readonly powers: readonly (readonly [string, number])[];
}

const maxTerms = 64;
const maxBits = 8192n;
const maxPower = 512;
/** Square factors are found by trial division up to here, so radicands beyond its square are left undecided. */
const largestFactor = 10_000n;

export function rational(numerator: bigint, denominator = 1n): Rational | null {
  if (denominator === 0n) return null;
  const divisor = gcd(numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator);
  const sign = denominator < 0n ? -1n : 1n;
  const value = { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor };
  return tooLarge(value.numerator) || tooLarge(value.denominator) ? null : value;
}

export const constant = (value: Rational): ExactSum => sumOf([unitTerm(value)]);
export const whole = (value: number | bigint): ExactSum => constant({ numerator: BigInt(value), denominator: 1n });
export const piConstant: ExactSum = sumOf([{ ...unitTerm(one()), pi: 1 }]);
export const imaginaryUnit: ExactSum = sumOf([{ ...unitTerm(one()), imaginary: 1 }]);
export const variable = (name: string): ExactSum => sumOf([{ ...unitTerm(one()), powers: [[name, 1]] }]);

/** The rational number a sum is, null when it is none. */
export function asRational(sum: ExactSum): Rational | null {
  if (sum.size === 0) return { numerator: 0n, denominator: 1n };
  const [term, ...more] = sum.values();
  return more.length === 0 && term !== undefined && isPlain(term) ? term.coefficient : null;
}

/** The integer a sum is, null when it is none. */
export function asInteger(sum: ExactSum): bigint | null {
  const value = asRational(sum);
  return value?.denominator === 1n ? value.numerator : null;
}

export function isEqual(a: ExactSum, b: ExactSum): boolean {
  return canonical(a) === canonical(b);
}

/** One text for each value. */
export function canonical(sum: ExactSum): string {
  return [...sum]
    .map(([key, { coefficient }]) => `${coefficient.numerator}/${coefficient.denominator}·${key}`)
    .sort()
    .join(" + ");
}

export function add(a: ExactSum, b: ExactSum): ExactSum | null {
  return bounded(sumOf([...a.values(), ...b.values()]));
}

export const negate = (sum: ExactSum): ExactSum =>
  sumOf([...sum.values()].map((term) => ({ ...term, coefficient: opposite(term.coefficient) })));

export function multiply(a: ExactSum, b: ExactSum): ExactSum | null {
  if (a.size * b.size > maxTerms * 4) return null;
  return bounded(sumOf([...a.values()].flatMap((x) => [...b.values()].map((y) => termProduct(x, y)))));
}

export function divide(a: ExactSum, b: ExactSum): ExactSum | null {
  const reciprocal = inverse(b);
  return reciprocal === null ? null : multiply(a, reciprocal);
}

/** @param exponent an integer, negative too, or ½ */
export function power(base: ExactSum, exponent: Rational): ExactSum | null {
  if (exponent.denominator === 2n) {
    const root = squareRoot(base);
    return root === null ? null : power(root, { numerator: exponent.numerator, denominator: 1n });
  }
  if (exponent.denominator !== 1n) return null;
  const times = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  if (times > BigInt(maxPower)) return null;
  if (times === 0n && base.size === 0) return null; // 0⁰
  const from = exponent.numerator < 0n ? inverse(base) : base;
  let result: ExactSum | null = whole(1);
  for (let i = 0n; i < times && result !== null; i++) result = from === null ? null : multiply(result, from);
  return result;
}

/** √ of a rational number; of a negative one i·√. Null for everything else. */
export function squareRoot(sum: ExactSum): ExactSum | null {
  const value = asRational(sum);
  if (value === null) return null;
  if (value.numerator === 0n) return whole(0);
  const negative = value.numerator < 0n;
  const magnitude = negative ? -value.numerator : value.numerator;
  const parts = squareParts(magnitude * value.denominator); // √(n/d) = √(n·d)/d
  const coefficient = parts === null ? null : rational(parts.outside, value.denominator);
  if (parts === null || coefficient === null) return null;
  return sumOf([{ ...unitTerm(coefficient), radicand: parts.radicand, imaginary: negative ? 1 : 0 }]);
}

/** The n-th root of a rational number where it is rational, else null. */
export function exactRoot(sum: ExactSum, degree: number): ExactSum | null {
  const value = asRational(sum);
  if (value === null || degree < 2 || degree > 64 || (value.numerator < 0n && degree % 2 === 0)) return null;
  const sign = value.numerator < 0n ? -1n : 1n;
  const numerator = integerRoot(sign * value.numerator, BigInt(degree));
  const denominator = integerRoot(value.denominator, BigInt(degree));
  const root = numerator === null || denominator === null ? null : rational(sign * numerator, denominator);
  return root === null ? null : constant(root);
}

function inverse(sum: ExactSum): ExactSum | null {
  const [first, second, ...more] = sum.values();
  if (first === undefined || more.length > 0) return null;
  if (second === undefined) return termInverse(first);
  if (![first, second].every(({ pi, powers }) => pi === 0 && powers.length === 0)) return null;
  // 1/(a + b) = (a − b)/(a² − b²), whose denominator is rational
  const conjugate = sumOf([first, { ...second, coefficient: opposite(second.coefficient) }]);
  const norm = multiply(sum, conjugate);
  const value = norm === null ? null : asRational(norm);
  const reciprocal = value === null ? null : rational(value.denominator, value.numerator);
  return reciprocal === null ? null : multiply(conjugate, constant(reciprocal));
}

function termInverse({ coefficient, radicand, pi, imaginary, powers }: Term): ExactSum | null {
  // 1/(q√r) = √r/(q·r), 1/i = −i
  const sign = imaginary === 1 ? -1n : 1n;
  const inverted = rational(sign * coefficient.denominator, coefficient.numerator * radicand);
  if (inverted === null) return null;
  const opposed = powers.map(([name, exponent]) => [name, -exponent] as const);
  return sumOf([{ coefficient: inverted, radicand, pi: pi === 0 ? 0 : -pi, imaginary, powers: opposed }]);
}

function termProduct(x: Term, y: Term): Term {
  const common = gcd(x.radicand, y.radicand);
  const sign = x.imaginary === 1 && y.imaginary === 1 ? -1n : 1n;
  return {
    coefficient: product(x.coefficient, y.coefficient, sign * common),
    radicand: (x.radicand / common) * (y.radicand / common),
    pi: x.pi + y.pi,
    imaginary: x.imaginary === y.imaginary ? 0 : 1,
    powers: mergedPowers(x.powers, y.powers),
  };
}

function mergedPowers(x: Term["powers"], y: Term["powers"]): Term["powers"] {
  const merged = new Map(x);
  for (const [name, exponent] of y) merged.set(name, (merged.get(name) ?? 0) + exponent);
  return [...merged].filter(([, exponent]) => exponent !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

function sumOf(terms: readonly Term[]): ExactSum {
  const sum = new Map<string, Term>();
  for (const term of terms) {
    const key = `√${term.radicand} π${term.pi} i${term.imaginary} ${term.powers.map(([v, k]) => `${v}^${k}`).join(" ")}`;
    const before = sum.get(key);
    const coefficient = before === undefined ? term.coefficient : total(before.coefficient, term.coefficient);
    if (coefficient.numerator === 0n) sum.delete(key);
    else sum.set(key, { ...term, coefficient });
  }
  return sum;
}

function bounded(sum: ExactSum): ExactSum | null {
  if (sum.size > maxTerms) return null;
  for (const { coefficient, radicand } of sum.values()) {
    if (tooLarge(coefficient.numerator) || tooLarge(coefficient.denominator) || tooLarge(radicand)) return null;
  }
  return sum;
}

/** n = outside² · radicand with a square-free radicand; null when n is too large to tell. */
function squareParts(n: bigint): { outside: bigint; radicand: bigint } | null {
  if (n > 10n ** 30n) return null;
  let [outside, radicand, rest] = [1n, 1n, n];
  for (let factor = 2n; factor * factor <= rest; factor++) {
    if (factor > largestFactor) {
      const root = integerRoot(rest, 2n);
      if (root !== null) return { outside: outside * root, radicand };
      // What is left has only prime factors above the bound: below its cube there are at most two, so no square is left.
      return rest < largestFactor ** 3n ? { outside, radicand: radicand * rest } : null;
    }
    while (rest % (factor * factor) === 0n) {
      rest /= factor * factor;
      outside *= factor;
    }
    if (rest % factor === 0n) {
      rest /= factor;
      radicand *= factor;
    }
  }
  return { outside, radicand: radicand * rest };
}

function integerRoot(n: bigint, degree: bigint): bigint | null {
  let [low, high] = [0n, 1n];
  while (high ** degree < n) high *= 2n;
  while (low < high) {
    const middle = (low + high) / 2n;
    if (middle ** degree < n) low = middle + 1n;
    else high = middle;
  }
  return low ** degree === n ? low : null;
}

function unitTerm(coefficient: Rational): Term {
  return { coefficient, radicand: 1n, pi: 0, imaginary: 0, powers: [] };
}

function isPlain({ radicand, pi, imaginary, powers }: Term): boolean {
  return radicand === 1n && pi === 0 && imaginary === 0 && powers.length === 0;
}

function one(): Rational {
  return { numerator: 1n, denominator: 1n };
}

function opposite({ numerator, denominator }: Rational): Rational {
  return { numerator: -numerator, denominator };
}

function total(a: Rational, b: Rational): Rational {
  return reduced(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

function product(a: Rational, b: Rational, factor: bigint): Rational {
  return reduced(a.numerator * b.numerator * factor, a.denominator * b.denominator);
}

function reduced(numerator: bigint, denominator: bigint): Rational {
  const divisor = gcd(numerator < 0n ? -numerator : numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}

function tooLarge(value: bigint): boolean {
  return value > 1n << maxBits || value < -(1n << maxBits);
}
