/** A row of the benchmark: what it measured and whether that is within its budget. */
export interface Row {
  readonly bench: "inspector";
  readonly case: string;
  readonly within_budget: boolean;
  readonly [figure: string]: string | number | boolean;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function p95(values: readonly number[]): number {
  return percentile(values, 0.95);
}

function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export function rounded(figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures)
      .filter(([, value]) => !Number.isNaN(value))
      .map(([name, value]) => [name, Number(value.toFixed(1))]),
  );
}
