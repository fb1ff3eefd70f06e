import { createHash } from "node:crypto";

/** Id of the `index`-th record of a call: 96 bits of SHA-256 in hex. The same in every run of the same recipe. */
export function recordIdOf(callKey: string, index: number): string {
  return createHash("sha256").update(`${callKey}#${index}`).digest("hex").slice(0, 24);
}

/** Sampling seed of a record: 48 bits of SHA-256(run seed ‖ record id). Never derived from a prompt. */
export function seedOf(runSeed: number, recordId: string): number {
  return createHash("sha256").update(`${runSeed}|${recordId}`).digest().readUIntBE(0, 6);
}

/** SHA-256 of canonical JSON (object keys sorted), in hex. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** JSON with object keys in sorted order, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Uniform numbers in [0, 1) from a seed: counter-based, so that the n-th number needs no state. */
export function* uniforms(seed: number): Generator<number, never> {
  for (let counter = 0; ; counter++) {
    yield createHash("sha256").update(`${seed}/${counter}`).digest().readUIntBE(0, 6) / 2 ** 48;
  }
}

/** A permutation of 0 … n − 1 (Fisher–Yates) that depends on the seed alone. */
export function permutation(n: number, seed: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  const random = uniforms(seed);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random.next().value * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}
