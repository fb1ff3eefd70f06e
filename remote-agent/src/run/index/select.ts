import type { QuestionFilter } from "../../protocol/questionQuery.ts";
import type { ColumnName } from "./columns.ts";
import type { QuestionMemory } from "./memory.ts";

/** 1 at the position of each question that is meant, 0 elsewhere. */
export type Flags = Uint8Array;

/** What a filter needs that is not a figure: the questions that contain words, or have a label. */
export interface Lookups {
  text(typed: string): Flags;
  label(label: string): Flags;
  rolled(place: NonNullable<QuestionFilter["rolled"]>): Flags;
}

type Range = { readonly min?: number | undefined; readonly max?: number | undefined };
type Test = (i: number) => boolean;

/** Positions of the questions for which everything in the filter holds, ascending. */
export function select(memory: QuestionMemory, filter: QuestionFilter, lookups: Lookups): Uint32Array {
  const tests = testsOf(memory, filter);
  const sets = [
    ...(filter.text === undefined ? [] : [lookups.text(filter.text)]),
    ...(filter.label === undefined ? [] : [lookups.label(filter.label)]),
    ...(filter.rolled === undefined ? [] : [lookups.rolled(filter.rolled)]),
  ];
  const known = Math.min(memory.length, filter.first ?? memory.length);
  const found = new Uint32Array(known);
  let count = 0;
  next: for (let i = 0; i < known; i++) {
    for (let s = 0; s < sets.length; s++) if ((sets[s] as Flags)[i] !== 1) continue next;
    for (let t = 0; t < tests.length; t++) if (!(tests[t] as Test)(i)) continue next;
    found[count++] = i;
  }
  return found.slice(0, count);
}

/** Where both are set. */
export function both(one: Flags, other: Flags): Flags {
  const flags = new Uint8Array(one.length);
  for (let i = 0; i < flags.length; i++) flags[i] = (one[i] as number) & (other[i] as number);
  return flags;
}

/** Many times faster to ask than a Set of as many numbers. */
export function flagsOf(positions: Uint32Array, length: number): Flags {
  const flags = new Uint8Array(length);
  for (let k = 0; k < positions.length; k++) flags[positions[k] as number] = 1;
  return flags;
}

function testsOf(memory: QuestionMemory, filter: QuestionFilter): Test[] {
  const tests: Test[] = [];
  const oneOf = (name: ColumnName, wanted: readonly (number | undefined)[] | undefined) => {
    if (wanted === undefined) return;
    const { values, none } = memory.column(name);
    const set = new Set(wanted.filter((value) => value !== undefined && value !== none));
    tests.push((i) => set.has(values[i]));
  };
  const names = (list: readonly string[] | undefined) => list?.map((name) => memory.codeOf(name));
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : [Number(value)]);
  const within = (name: ColumnName, range: Range | undefined) => {
    if (range === undefined) return;
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range;
    const { values, none } = memory.column(name);
    // NaN, a real that is not there, fits no comparison.
    tests.push((i) => {
      const value = values[i] as number;
      return value >= min && value <= max && value !== none;
    });
  };
  oneOf("iteration", filter.iteration);
  oneOf("stage", names(filter.stage));
  oneOf("valid", flag(filter.valid));
  oneOf("reason", names(filter.reason));
  oneOf("kept", flag(filter.kept));
  oneOf("band", names(filter.band));
  oneOf("correct", flag(filter.correct));
  oneOf("batch", filter.cluster && [filter.cluster.batch]);
  oneOf("cluster", filter.cluster && [filter.cluster.cluster]);
  oneOf("verdict", names(filter.verdict));
  oneOf("corrected", flag(filter.corrected));
  oneOf("edited", flag(filter.edited));
  oneOf("noted", flag(filter.note));
  if (filter.decided !== undefined) {
    const { values, none } = memory.column("verdict");
    tests.push((i) => (values[i] !== none) === filter.decided);
  }
  if (filter.trained !== undefined) within("trainedExamples", filter.trained ? { min: 1 } : { max: 0 });
  for (const name of [
    "step",
    "share",
    "difficulty",
    "reward",
    "uncertainty",
    "penalty",
    "answers",
    "trainedSteps",
  ] as const) {
    within(name, filter[name]);
  }
  return tests;
}
