import { oneLine, visible } from "../../modelText/visible.ts";
import type { QuestionFilter, QuestionSort } from "../../protocol/questionQuery.ts";

const WORDS_CHARS = 200;

type Conditions = { [K in keyof Required<QuestionFilter>]: (value: NonNullable<QuestionFilter[K]>) => string };

const conditions: Conditions = {
  iteration: (values) => `iteration ${values.join(" or ")}`,
  stage: (values) => `first asked in ${either(values)}`,
  step: (range) => `step ${span(range)}`,
  valid: (yes) => (yes ? "valid" : "not valid"),
  reason: (values) => `not valid for ${either(values)}`,
  kept: (yes) => (yes ? "kept for the curriculum" : "not kept for the curriculum"),
  band: (values) => `by the band ${either(values)}`,
  share: (range) => `majority share p̂ ${span(range)}`,
  label: (text) => `pseudo-label ${quoted(text)}`,
  correct: (yes) => (yes ? "pseudo-label right" : "pseudo-label wrong"),
  difficulty: (range) => `difficulty ${span(range)}`,
  reward: (range) => `reward ${span(range)}`,
  uncertainty: (range) => `uncertainty ${span(range)}`,
  penalty: (range) => `repetition penalty ${span(range)}`,
  answers: (range) => `answers ${span(range)}`,
  cluster: ({ batch, cluster }) => `cluster ${cluster} of batch ${batch}`,
  trained: (yes) => (yes ? "trained on" : "not trained on"),
  trainedSteps: (range) => `optimiser steps ${span(range)}`,
  decided: (yes) => (yes ? "approved or rejected" : "neither approved nor rejected"),
  verdict: (values) => values.map((value) => ({ approve: "approved", reject: "rejected" })[value]).join(" or "),
  corrected: (yes) => (yes ? "label corrected" : "label not corrected"),
  edited: (yes) => (yes ? "edited" : "not edited"),
  note: (yes) => (yes ? "with a note" : "without a note"),
  rolled: ({ iteration, stage, step }) =>
    `posed or answered in iteration ${iteration}, ${said(stage)}${step === undefined ? "" : `, step ${step}`}`,
  first: (n) => `among the first ${n.toLocaleString("en-US")} that were asked`,
  text: (words) => `with the words ${quoted(words)}`,
};

/** Which questions a filter lists and in which order, as a sentence. What a person or a model wrote is made visible in it. */
export function listSentence(filter: QuestionFilter, sort: QuestionSort): string {
  const said = Object.entries(conditions).flatMap(([name, words]) => {
    const value = filter[name as keyof QuestionFilter];
    return value === undefined ? [] : [(words as (of: typeof value) => string)(value)];
  });
  const which = said.length === 0 ? "All questions" : `Questions that are listed under: ${said.join("; ")}`;
  return `${which}, ${order(sort)}.`;
}

function order({ by, descending }: QuestionSort): string {
  if (by === "order") return descending ? "the newest first" : "in the order in which they were asked";
  const name = by.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `by ${name}, the ${descending ? "highest" : "lowest"} first`;
}

function either(values: readonly string[]): string {
  return values.map(said).join(" or ");
}

function said(text: string): string {
  return visible(oneLine(text, WORDS_CHARS));
}

function quoted(text: string): string {
  return `“${said(text)}”`;
}

function span({ min, max }: { min?: number | undefined; max?: number | undefined }): string {
  if (min !== undefined && min === max) return String(min);
  if (min === undefined) return max === undefined ? "known" : `at most ${max}`;
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`;
}
