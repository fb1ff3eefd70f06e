import type { FacetKey, QuestionFilter, QuestionSort } from "../../../remote-agent/src/protocol/questionQuery.ts";

/** Facets of which several values may be chosen, or one of yes and no. */
export const facetFilters = [
  "iteration",
  "stage",
  "kept",
  "band",
  "valid",
  "reason",
  "correct",
  "trained",
  "verdict",
] as const satisfies FacetKey[];
export type FacetFilter = (typeof facetFilters)[number];

/** What a reviewer did, each a condition that is there or not. */
export const reviewFlags = ["decided", "note", "corrected", "edited"] as const;
export type ReviewFlag = (typeof reviewFlags)[number];

export const rangeFilters = [
  "share",
  "reward",
  "difficulty",
  "uncertainty",
  "penalty",
  "step",
  "answers",
  "trainedSteps",
] as const;
export type RangeFilter = (typeof rangeFilters)[number];

export type Range = { readonly min?: number | undefined; readonly max?: number | undefined };
type Value = string | number | boolean;

export function isChosen(filter: QuestionFilter, key: FacetFilter | ReviewFlag, value: Value): boolean {
  const now = filter[key];
  return Array.isArray(now) ? (now as Value[]).includes(value) : now === value;
}

/** Chooses a value of a facet, or takes it back; of yes and no the other one is taken back. */
export function toggled(filter: QuestionFilter, key: FacetFilter | ReviewFlag, value: Value): QuestionFilter {
  if (typeof value === "boolean") return changed(filter, key, filter[key] === value ? undefined : value);
  const now = (filter[key] ?? []) as Value[];
  const next = now.includes(value) ? now.filter((other) => other !== value) : [...now, value];
  return changed(filter, key, next.length === 0 ? undefined : next);
}

export function ranged(filter: QuestionFilter, key: RangeFilter, { min, max }: Range): QuestionFilter {
  const range = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return changed(filter, key, Object.keys(range).length === 0 ? undefined : range);
}

export function searched(filter: QuestionFilter, typed: string): QuestionFilter {
  return changed(filter, "text", typed.trim() === "" ? undefined : typed.slice(0, 1000));
}

/** Without one condition. */
export function without(filter: QuestionFilter, key: keyof QuestionFilter): QuestionFilter {
  return changed(filter, key, undefined);
}

/** First ascending, then descending, then in the order in which they were asked. Numbers begin with the largest. */
export function sortedBy(sort: QuestionSort, by: QuestionSort["by"], largestFirst: boolean): QuestionSort {
  if (by === "order" || sort.by !== by) return { by, descending: by !== "order" && largestFirst };
  return sort.descending === largestFirst ? { by, descending: !largestFirst } : { by: "order", descending: false };
}

/** A number as a person types it, or none; null when it is no number. */
export function numberOf(typed: string): number | undefined | null {
  const text = typed.trim().replace(",", ".");
  if (text === "") return undefined;
  const percent = text.endsWith("%");
  const value = Number(percent ? text.slice(0, -1) : text);
  if (!Number.isFinite(value)) return null;
  return percent ? value / 100 : value;
}

function changed(filter: QuestionFilter, key: keyof QuestionFilter, value: unknown): QuestionFilter {
  const { [key]: _, ...rest } = filter;
  return value === undefined ? rest : { ...rest, [key]: value };
}
