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
  const counts = new Map<number, { example: number; count: number }>();
  for (const i of positions) {
    const stored = key === "trained" ? Math.min(1, values[i] as number) : (values[i] as number);
    const seen = counts.get(stored);
    if (seen === undefined) counts.set(stored, { example: i, count: 1 });
    else seen.count += 1;
  }
  return [...counts.values()]
    .sort((a, b) => b.count - a.count || a.example - b.example)
    .slice(0, VALUES)
    .map(({ example, count }) => ({ value: facetValue(memory, key, example), count }));
}

function facetValue(memory: QuestionMemory, key: FacetKey, i: number): Value {
  if (key === "trained") return Number(memory.get("trainedExamples", i)) > 0;
  const value = memory.get(key, i);
  const isFlag = key === "valid" || key === "kept" || key === "correct";
  return isFlag && value !== null ? value === 1 : value;
}
