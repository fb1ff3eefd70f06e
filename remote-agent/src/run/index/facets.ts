import type { FacetKey } from "../../protocol/questionQuery.ts";
import type { QuestionFacets } from "../../protocol/questionRows.ts";
import type { QuestionMemory } from "./memory.ts";

type Facets = QuestionFacets["facets"];
type Value = NonNullable<Facets[FacetKey]>[number]["value"];

/** More values than these are not a choice to make in a list. */
const VALUES = 200;

/** How often each value occurs among the questions at these positions, the most frequent first; exact. */
export function facetsOf(memory: QuestionMemory, positions: Uint32Array, keys: readonly FacetKey[]): Facets {
  return Object.fromEntries(keys.map((key) => [key, facet(memory, positions, key)]));
}

function facet(memory: QuestionMemory, positions: Uint32Array, key: FacetKey): { value: Value; count: number }[] {
  const name = key === "trained" ? "trainedExamples" : key;
  const { values } = memory.column(name);
  return countsOf(values, positions, key === "trained" ? 1 : Number.MAX_SAFE_INTEGER)
    .sort((a, b) => b.count - a.count || a.example - b.example)
    .slice(0, VALUES)
    .map(({ example, count }) => ({ value: facetValue(memory, key, example), count }));
}

interface Counted {
  /** The first question that has the value. */
  readonly example: number;
  count: number;
}

/** Small whole numbers, which nearly all are, are counted in an array: a Map would take several times as long. */
const SMALL = 0x10000;

/** How often each value occurs; what is above `most` counts as `most`. */
function countsOf(values: ArrayLike<number>, positions: Uint32Array, most: number): Counted[] {
  const small = new Uint32Array(SMALL);
  const examples = new Uint32Array(SMALL);
  const others = new Map<number, Counted>();
  for (let k = 0; k < positions.length; k++) {
    const i = positions[k] as number;
    let value = values[i] as number;
    if (value > most) value = most;
    if (value >= 0 && value < SMALL && (value | 0) === value) {
      if (small[value] === 0) examples[value] = i;
      small[value]!++;
      continue;
    }
    const seen = others.get(value);
    if (seen === undefined) others.set(value, { example: i, count: 1 });
    else seen.count += 1;
  }
  const counted = [...others.values()];
  for (let value = 0; value < SMALL; value++) {
    const count = small[value] as number;
    if (count > 0) counted.push({ example: examples[value] as number, count });
  }
  return counted;
}

function facetValue(memory: QuestionMemory, key: FacetKey, i: number): Value {
  if (key === "trained") return Number(memory.get("trainedExamples", i)) > 0;
  const value = memory.get(key, i);
  const isFlag = key === "valid" || key === "kept" || key === "correct";
  return isFlag && value !== null ? value === 1 : value;
}
