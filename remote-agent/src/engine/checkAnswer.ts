// Whether an answer of the right shape can be true: finite, as long as it must be, inside the vocabulary.

import { EngineNonsense } from "./errors.ts";

// Log probabilities are ≤ 0 up to rounding.
const ROUNDING = 0.01;

/** @throws EngineNonsense naming the position of the first value that is no log probability. */
export function logprobList(call: string, where: string, values: (number | null)[], length: number): number[] {
  const list = finiteList(call, where, values, length);
  const bad = list.findIndex((value) => value > ROUNDING);
  if (bad >= 0) nonsense(call, `${where}, position ${bad}: ${list[bad]} is no log probability`);
  return list;
}

/** @throws EngineNonsense */
export function finiteList(call: string, where: string, values: (number | null)[], length: number): number[] {
  if (values.length !== length) nonsense(call, `${where}: ${values.length} values where ${length} belong`);
  if (!allFinite(values)) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    nonsense(call, `${where}, position ${bad}: not a finite number`);
  }
  return values;
}

/** @throws EngineNonsense naming the position of the first id outside the vocabulary. */
export function tokenList(call: string, where: string, values: (number | null)[], vocabSize: number | null): number[] {
  if (!allFinite(values)) nonsense(call, `${where}: token ids that are no numbers`);
  const end = vocabSize ?? Infinity;
  const bad = values.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= end);
  if (bad >= 0)
    nonsense(
      call,
      `${where}, position ${bad}: ${values[bad]} is no token id${vocabSize === null ? "" : ` of ${vocabSize}`}`,
    );
  return values;
}

export function nonsense(call: string, what: string): never {
  throw new EngineNonsense(
    `The engine's answer to ${call} cannot be right (${what}). Nothing of it was used; check the engine, its weights and its log.`,
    { call, detail: what },
  );
}

function allFinite(values: (number | null)[]): values is number[] {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
