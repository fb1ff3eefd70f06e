import * as z from "zod";
import { verdict } from "./review.ts";

/**
 * What a client asks of a run's questions: a filter, an order, and a place to begin. Everything in a filter must hold;
 * a property that a question does not have (no label yet, say) fits no condition on it.
 */
const range = z
  .strictObject({ min: z.number().optional(), max: z.number().optional() })
  .describe("both ends are included");
const oneOf = z.array(z.string().max(200)).min(1).max(100);

export const questionFilter = z.strictObject({
  iteration: z.array(z.number().int()).min(1).max(1000).optional(),
  /** Stage in which it was first asked: `challenger`, `curriculum`, `audit` … */
  stage: oneOf.optional(),
  step: range.optional(),
  /** False: the Challenger's completion poses no question; `reason` says why. */
  valid: z.boolean().optional(),
  reason: oneOf.optional(),
  /** Whether it entered the curriculum; `band` says why not. */
  kept: z.boolean().optional(),
  band: oneOf.optional(),
  /** Majority share p̂ = votes / denominator. */
  share: range.optional(),
  label: z.string().max(10_000).optional(),
  /** Whether the pseudo-label is right, where the truth is known. */
  correct: z.boolean().optional(),
  difficulty: range.optional(),
  reward: range.optional(),
  uncertainty: range.optional(),
  /** Repetition penalty. */
  penalty: range.optional(),
  answers: range.optional(),
  /** The questions that one batch put into the same BLEU cluster. */
  cluster: z.strictObject({ batch: z.number().int(), cluster: z.number().int() }).optional(),
  /** Whether a group of its answers was a training example. */
  trained: z.boolean().optional(),
  trainedSteps: range.optional(),
  /** Whether a reviewer approved or rejected it, which of the two, and what else was decided. */
  decided: z.boolean().optional(),
  verdict: z.array(verdict).min(1).max(2).optional(),
  corrected: z.boolean().optional(),
  edited: z.boolean().optional(),
  note: z.boolean().optional(),
  /** Questions with a rollout in this place of the recipe: posed or answered there. */
  rolled: z
    .strictObject({ iteration: z.number().int(), stage: z.string().min(1).max(200), step: z.number().int().optional() })
    .optional(),
  /** Only the first so many that were asked: what comes meanwhile shifts no row. */
  first: z.number().int().min(0).optional(),
  /** Full text of question and answers: all words must occur, "a phrase" as it stands, `integ*` any word that begins so. */
  text: z.string().max(1000).optional(),
});
export type QuestionFilter = z.infer<typeof questionFilter>;

export const questionSortKeys = [
  "order",
  "iteration",
  "stage",
  "step",
  "valid",
  "reason",
  "kept",
  "band",
  "share",
  "votes",
  "correct",
  "difficulty",
  "reward",
  "uncertainty",
  "penalty",
  "clusterSize",
  "answers",
  "truncated",
  "tokens",
  "answerTokens",
  "trainedExamples",
  "trainedSteps",
  "proposalExamples",
  "verdict",
  "text",
  "label",
] as const;

/** `order` is the order in which they were asked; equal values stand in that order too. What has no value comes last. */
export const questionSort = z.strictObject({ by: z.enum(questionSortKeys), descending: z.boolean() });
export type QuestionSort = z.infer<typeof questionSort>;

export const PAGE_ROWS = 500;

export const questionQuery = z.strictObject({
  filter: questionFilter.default({}),
  sort: questionSort.default({ by: "order", descending: false }),
  /** At most this many rows, from `after` (a cursor of an earlier page) or from row number `at`; else from the first. */
  limit: z.number().int().min(1).max(PAGE_ROWS).default(100),
  after: z.string().max(2000).optional(),
  at: z.number().int().min(0).optional(),
});
export type QuestionQuery = z.output<typeof questionQuery>;

export const facetKeys = [
  "iteration",
  "stage",
  "step",
  "valid",
  "reason",
  "kept",
  "band",
  "correct",
  "trained",
  "verdict",
] as const;
export type FacetKey = (typeof facetKeys)[number];
