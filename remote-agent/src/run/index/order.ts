/**
 * Positions 0 … n − 1 in the order of their keys; equal keys in the order of positions, NaN last in either direction. A radix
 * sort over the bits of the numbers: linear, where a comparison sort of a million rows would hold up its thread.
 */
export function orderOf(keys: Float64Array, descending: boolean): Uint32Array {
  const { low, high } = sortableBits(keys, descending);
  let order: Uint32Array = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  let spare: Uint32Array = new Uint32Array(keys.length);
  for (const [words, shift] of [
    [low, 0],
    [low, 16],
    [high, 0],
    [high, 16],
  ] as const) {
    const counts = new Uint32Array(0x10000);
    for (let i = 0; i < words.length; i++) counts[((words[i] as number) >>> shift) & 0xffff]!++;
    if (counts.includes(keys.length)) continue; // all equal here
    let sum = 0;
    for (let digit = 0; digit < counts.length; digit++) {
      const count = counts[digit] as number;
      counts[digit] = sum;
      sum += count;
    }
    for (let k = 0; k < order.length; k++) {
      const i = order[k] as number;
      spare[counts[((words[i] as number) >>> shift) & 0xffff]!++] = i;
    }
    [order, spare] = [spare, order];
  }
  return order;
}

/** The bits of each number so that unsigned comparison of (high, low) is the order that is wanted. */
function sortableBits(keys: Float64Array, descending: boolean): { low: Uint32Array; high: Uint32Array } {
  const bits = new Uint32Array(keys.slice().buffer);
  const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  const low = new Uint32Array(keys.length);
  const high = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as number;
    if (Number.isNaN(key)) {
      low[i] = 0xffffffff;
      high[i] = 0xffffffff;
      continue;
    }
    let lowBits = bits[2 * i + (littleEndian ? 0 : 1)] as number;
    let highBits = bits[2 * i + (littleEndian ? 1 : 0)] as number;
    if (key === 0) [lowBits, highBits] = [0, 0]; // −0 is 0
    const flip = key < 0 ? 0xffffffff : 0;
    lowBits = (lowBits ^ flip) >>> 0;
    highBits = (highBits ^ (flip || 0x80000000)) >>> 0;
    low[i] = descending ? ~lowBits >>> 0 : lowBits;
    high[i] = descending ? ~highBits >>> 0 : highBits;
  }
  return { low, high };
}
