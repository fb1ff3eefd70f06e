/**
 * Exponential moving average with the bias of its beginning taken out, as TensorBoard draws it: as long as the values, and a
 * constant stays what it is. `weight` in [0, 1) is how much of what came before each value keeps.
 */
export function smoothed(values: ArrayLike<number>, weight: number): Float64Array {
  const result = new Float64Array(values.length);
  let average = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    average = weight * average + (1 - weight) * (values[i] ?? 0);
    total = weight * total + (1 - weight);
    result[i] = average / total;
  }
  return result;
}
