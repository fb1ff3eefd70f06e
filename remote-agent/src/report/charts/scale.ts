/** From figures to places of a drawing. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** A linear scale between two places of a drawing, whose ends take in `low` and `high`. */
export function linear(low: number, high: number, from: number, to: number, ticks: readonly number[]): Scale {
  const span = high - low || 1;
  return { min: low, max: high, ticks, at: (value) => from + ((value - low) / span) * (to - from) };
}

/** A smaller span, relative to the figures themselves or by itself, is none: numbers have no digits left for its ticks. */
const FINEST = 1e-6;
const SMALLEST = 1e-100;

/** Round numbers from at or below `low` to at or above `high`, about `count` steps apart. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const span = Math.max(high - low, FINEST * Math.max(Math.abs(low), Math.abs(high)));
  const step = roundStep((span > SMALLEST ? span : 1) / count);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Whole numbers within [low, high], at most about `count` of them. */
export function wholeTicks(low: number, high: number, count: number): number[] {
  const step = Math.max(1, roundStep((high - low) / count));
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

/** What an axis of y spans: from zero where that wastes little of it, never below zero for what is not negative. */
export function yRange(values: readonly number[]): { low: number; high: number } {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low)) return { low: 0, high: 1 };
  if (low >= 0 && low <= 0.5 * high) return { low: 0, high };
  return low === high ? { low: Math.min(0, low), high: Math.max(0, high) } : { low, high };
}

/** 1, 2 or 5 times a power of ten, at or above `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return (([1, 2, 5].find((factor) => factor * power >= step * (1 - 1e-9)) ?? 10) as number) * power;
}
