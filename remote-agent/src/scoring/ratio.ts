/** An exact fraction. Majority shares and band edges stay integers, so that 3 of 10 is inside a band that begins at 0.3. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** The fraction a decimal literal means, to six places: `ratio(0.3)` is 3/10, not the nearest double. */
export function ratio(decimal: number): Ratio {
  const millionths = Math.round(decimal * 1_000_000);
  if (!Number.isSafeInteger(millionths)) throw new RangeError(`${decimal} is not a finite decimal`);
  const divisor = greatestCommonDivisor(Math.abs(millionths), 1_000_000);
  return { numerator: millionths / divisor, denominator: 1_000_000 / divisor };
}

/** Negative when a < b, 0 when equal, positive when a > b; denominators must be positive. */
export function compareRatios(a: Ratio, b: Ratio): number {
  return a.numerator * b.denominator - b.numerator * a.denominator;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
