import * as z from "zod";
import { facetKeys } from "./questionQuery.ts";
import { decisionView } from "./review.ts";

/** What the index of a run answers. Texts are cut to a bound and then say so; whole ones come by `runs/record`. */
const count = z.number().int();
const value = z.number().nullable();
const id = z.string();

/** How far the index has come: what lies behind `seq` is not in the answer yet. */
export const indexState = z.object({
  seq: count,
  /** False while the run's journal has more, of which `behind` is the number of bytes. */
  current: z.boolean(),
  behind: count,
  /** Completions whose text could not be read (removed or damaged): they are in the index, their words are not. */
  missingTexts: count,
  /** Why it cannot come further, where it cannot: the journal is damaged. */
  problem: z.string().nullable(),
});
export type IndexState = z.infer<typeof indexState>;

export const questionRow = z.object({
  /** Id of the record that posed it: the Challenger's trajectory, or the task where nobody proposed it. */
  id,
  proposal: id.nullable(),
  /** The task of the question; null for a completion that poses none. */
  task: id.nullable(),
  iteration: count,
  stage: z.string(),
  step: count.nullable(),
  /** The question; of a malformed proposal its whole completion. */
  text: z.string(),
  clipped: z.boolean(),
  valid: z.boolean(),
  reason: z.string().nullable(),
  label: z.string().nullable(),
  share: value,
  votes: count.nullable(),
  denominator: count.nullable(),
  kept: z.boolean().nullable(),
  band: z.string().nullable(),
  correct: z.boolean().nullable(),
  difficulty: value,
  reward: value,
  uncertainty: value,
  penalty: value,
  batch: count.nullable(),
  cluster: count.nullable(),
  clusterSize: count.nullable(),
  /** Completions of the Solver, of all stages, and how many of them were cut off at their length limit. */
  answers: count,
  truncated: count,
  /** Completion tokens of the proposal, and of an answer on the mean. */
  tokens: count.nullable(),
  answerTokens: value,
  /** Examples made of its answers, optimiser steps that used them, and examples that its proposal is a member of. */
  trainedExamples: count,
  trainedSteps: count,
  proposalExamples: count,
  /** What a reviewer decided on it, where anything. */
  decision: decisionView.nullable().default(null),
});
export type QuestionRow = z.infer<typeof questionRow>;

export const questionPage = z.object({
  rows: z.array(questionRow),
  /** Row number of the first row, from 0, and of how many rows in all; both exact. */
  at: count,
  total: count,
  /** For `after` of the next page; null on the last one. */
  next: z.string().nullable(),
  index: indexState,
});
export type QuestionPage = z.infer<typeof questionPage>;

export const questionFacets = z.object({
  total: count,
  facets: z.partialRecord(
    z.enum(facetKeys),
    z.array(z.object({ value: z.union([z.string(), z.number(), z.boolean(), z.null()]), count })),
  ),
  index: indexState,
});
export type QuestionFacets = z.infer<typeof questionFacets>;

export const answerView = z.object({
  id,
  /** Where it was drawn: `iteration`, `stage` and `step` of the call, and the checkpoint that wrote it. */
  iteration: count,
  stage: z.string(),
  step: count.nullable(),
  checkpoint: id,
  rollout: count,
  answer: z.string().nullable(),
  stop: z.string(),
  tokens: count,
  /** Reward of the answer where it was trained on, and whether it agreed with the label. */
  reward: value,
  correct: z.boolean().nullable(),
  text: z.string(),
  clipped: z.boolean(),
  /** Why there is no text, where there is none. */
  problem: z.string().nullable(),
});
export type AnswerView = z.infer<typeof answerView>;

const part = z.union([z.number(), z.string(), z.boolean(), z.null()]);

export const questionView = z.object({
  question: questionRow,
  /** Answers of one call that are equal, largest class first; `majority` marks the class of the label. */
  groups: z.array(
    z.object({
      call: z.string(),
      classes: z.array(
        z.object({ answer: z.string().nullable(), count, majority: z.boolean(), answers: z.array(answerView) }),
      ),
    }),
  ),
  /** More answers than could be shown. */
  moreAnswers: count,
  scores: z.array(
    z.object({ id, call: z.string(), scorer: z.string(), value: z.number(), parts: z.record(z.string(), part) }),
  ),
  /** Other questions of its cluster. */
  neighbours: z.array(questionRow),
  moreNeighbours: count,
  index: indexState,
});
export type QuestionView = z.infer<typeof questionView>;

export const lineageNode = z.object({
  id,
  type: z.string(),
  call: z.string(),
  /** One line: role and step of a checkpoint, the question of a task, the value of a score … */
  title: z.string(),
  /** Steps from the record that was asked for: negative towards its causes. */
  depth: count,
});
export type LineageNode = z.infer<typeof lineageNode>;

export const lineage = z.object({
  nodes: z.array(lineageNode),
  edges: z.array(z.object({ parent: id, child: id })),
  /** True when there was more than the bound allows. */
  cut: z.boolean(),
  /** For a checkpoint: the calls that sampled from it, which are too many to list record by record. */
  sampledBy: z.array(z.object({ call: z.string(), records: count })),
  index: indexState,
});
export type Lineage = z.infer<typeof lineage>;

export const recordPayload = z.object({
  /** The record as the journal has it; strings are cut. */
  record: z.looseObject({ type: z.string() }),
  clipped: z.boolean(),
  /** A stretch of its text, from character `textFrom` of `textLength`. */
  text: z.string().nullable(),
  textFrom: count,
  textLength: count,
  promptTokens: count.nullable(),
  /** Token ids, prompt first, and log-probabilities of the completion's tokens; cut to the first 16,384. */
  ids: z.array(count).nullable(),
  logprobs: z.array(z.number().nullable()).nullable(),
  problem: z.string().nullable(),
});
export type RecordPayload = z.infer<typeof recordPayload>;
