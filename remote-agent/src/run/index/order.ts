/**
 * Positions 0 … n − 1 in the order of their keys; equal keys in the order of positions, NaN last in either direction. A radix
 * sort over the bits of the numbers: linear, where a comparison sort of a million rows would hold up its thread.
 */
export function orderOf(keys: Float64Array, descending: boolean): Uint32Array {
  const bits = sortableBits(keys, descending);
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  // Different keys nearly always differ in the high half, with its 20 binary digits: the low one need not be sorted by.
  const byHigh = sortedBy(bits.high, order);
  return settle(byHigh, bits) ? byHigh : sortedBy(bits.high, sortedBy(bits.low, order));
}

/** `order` sorted by the words of its positions, equal ones as they were. */
function sortedBy(words: Uint32Array, order: Uint32Array): Uint32Array {
  let sorted = order;
  for (const shift of [0, 16]) {
    const counts = new Uint32Array(0x10000);
    for (let i = 0; i < words.length; i++) counts[((words[i] as number) >>> shift) & 0xffff]!++;
    if (counts.includes(order.length)) continue; // all equal here
    let sum = 0;
    for (let digit = 0; digit < counts.length; digit++) {
      const count = counts[digit] as number;
      counts[digit] = sum;
      sum += count;
    }
    const next = new Uint32Array(order.length);
    for (let k = 0; k < sorted.length; k++) {
      const i = sorted[k] as number;
      next[counts[((words[i] as number) >>> shift) & 0xffff]!++] = i;
    }
    sorted = next;
  }
  return sorted;
}

interface Bits {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** A position is moved over so many others at most. */
const MOST_MOVES = 32;

/** Puts keys with equal high halves in the order of their low ones, by insertion; answers whether few moves were enough. */
function settle(order: Uint32Array, { low, high }: Bits): boolean {
  for (let k = 1; k < order.length; k++) {
    const i = order[k] as number;
    let place = k;
    for (; place > 0; place--) {
      const before = order[place - 1] as number;
      if (high[before] !== high[i] || (low[before] as number) <= (low[i] as number)) break;
      if (k - place === MOST_MOVES) return false;
      order[place] = before;
    }
    order[place] = i;
  }
  return true;
}

/** The bits of each number so that unsigned comparison of (high, low) is the order that is wanted. */
function sortableBits(keys: Float64Array, descending: boolean): Bits {
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
