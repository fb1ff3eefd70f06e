/** A figure that is not known exactly: `low` and `high` are where it should lie, `likely` the best single guess. */
export interface Range {
  low: number;
  likely: number;
  high: number;
}

export function exactly(value: number): Range {
  return { low: value, likely: value, high: value };
}

export function sum(ranges: readonly Range[]): Range {
  return ranges.reduce(
    (total, range) => ({
      low: total.low + range.low,
      likely: total.likely + range.likely,
      high: total.high + range.high,
    }),
    exactly(0),
  );
}

export function times(range: Range, factor: number): Range {
  return { low: range.low * factor, likely: range.likely * factor, high: range.high * factor };
}
