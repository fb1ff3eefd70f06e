/** The first place of an ascending array whose value is not below `value`. */
export function lowerBound(ascending: ArrayLike<number>, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the value nearest to `x` in an ascending array; -1 in an empty one. */
export function nearest(ascending: ArrayLike<number>, x: number): number {
  if (ascending.length === 0) return -1;
  const at = lowerBound(ascending, x);
  const [before, after] = [ascending[at - 1], ascending[at]];
  if (before === undefined) return 0;
  if (after === undefined) return at - 1;
  return x - before <= after - x ? at - 1 : at;
}
