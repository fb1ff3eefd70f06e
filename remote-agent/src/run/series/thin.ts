/** Points of one series, ascending in x, as long as each other. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * At most `most` (two or more) of these points: the first, the last, and of each of equally wide stretches of x the lowest and the
 * highest, in order. What a line would show at a column a stretch is what it shows of all points.
 */
export function thinned({ x, y }: Points, most: number): Points {
  const n = x.length;
  if (n <= most) return { x, y };
  const buckets = Math.floor((most - 2) / 2);
  const [first, last] = [x[0] ?? 0, x[n - 1] ?? 0];
  const width = (last - first) / Math.max(1, buckets);
  const kept = { x: [first], y: [y[0] ?? 0] };
  const take = (i: number) => {
    kept.x.push(x[i] ?? 0);
    kept.y.push(y[i] ?? 0);
  };
  let at = 1;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = bucket === buckets - 1 ? Number.POSITIVE_INFINITY : first + (bucket + 1) * width;
    let low = -1;
    let high = -1;
    for (; at < n - 1 && (x[at] ?? 0) < end; at++) {
      if (low < 0 || (y[at] ?? 0) < (y[low] ?? 0)) low = at;
      if (high < 0 || (y[at] ?? 0) > (y[high] ?? 0)) high = at;
    }
    if (low < 0) continue;
    take(Math.min(low, high));
    if (low !== high) take(Math.max(low, high));
  }
  take(n - 1);
  return kept;
}

/** Where `value` would stand in an ascending array: the first place whose element is not below it. */
export function lowerBound(ascending: ArrayLike<number>, value: number, length = ascending.length): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
