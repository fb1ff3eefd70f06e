import * as z from "zod";
import { equalByGrade, gradePlainNumbers } from "./equality.ts";
import { extractBoxed, type ParsedQuestion, parseQuestion } from "./parse.ts";
import type { GradeRules, ParseRules, Preset, RepetitionRules } from "./presets.ts";
import { type Repetition, repetition } from "./repetition.ts";
import { challengerReward, unaskedLabel } from "./reward.ts";
import { shareOf, type Vote, vote } from "./vote.ts";

/** Raw texts of one Challenger batch: its completions, and the Solver's completions by question. */
export const RawBatch = z.object({
  predicts: z.array(z.string()),
  solver_completions: z.record(z.string(), z.array(z.string())),
});
export type RawBatch = z.infer<typeof RawBatch>;

/** Every list has one entry per completion, in batch order. */
export interface ScoredBatch {
  readonly parsed: readonly { readonly question: string; readonly answer: string }[];
  readonly majority: readonly string[];
  /** Majority share p̂; −1 for a malformed question, which is never asked. */
  readonly p: readonly number[];
  /** Ids by first appearance. */
  readonly cluster: readonly number[];
  readonly penalty: readonly number[];
  readonly reward: readonly number[];
}

/** What a domain replaces; plain mathematics by default. */
export interface BatchDomain {
  parse(text: string, rules: ParseRules): ParsedQuestion;
  answerOf(text: string): string | null;
  /** Null where only a symbolic grader can tell: not equal here, where there is none. */
  equal(a: string, b: string, rules?: GradeRules): boolean | null;
  tokens?(question: string, rules?: RepetitionRules["tokens"]): readonly string[];
}

const plainMathematics: BatchDomain = {
  parse: parseQuestion,
  answerOf: extractBoxed,
  equal: equalByGrade(gradePlainNumbers),
};

/** A well-formed question for which the batch brings no Solver completions. */
export class UnansweredQuestion extends Error {
  override readonly name = "UnansweredQuestion";
}

/** Parser, vote, clusters and Challenger reward of a raw batch, as a run would compute them. */
export function scoreBatch(input: RawBatch, preset: Preset, domain: BatchDomain = plainMathematics): ScoredBatch {
  const parsed = input.predicts.map((text) => domain.parse(text, preset.parse));
  const votes = parsed.map(({ valid, question }, i) => (valid ? voteOn(input, i, question, preset, domain) : null));
  const repeated = repetitionOf(parsed, preset, domain);
  return {
    parsed: parsed.map(({ question, answer }) => ({ question, answer: answer ?? "" })),
    majority: parsed.map(({ answer }, i) => votes[i]?.label ?? unaskedLabel(answer, preset.reward)),
    p: votes.map((result) => (result === null ? -1 : shareOf(result.p))),
    cluster: [...repeated.cluster],
    penalty: [...repeated.penalty],
    reward: votes.map((result, i) => challengerReward(result?.p ?? null, repeated.penalty[i]!, preset.reward)),
  };
}

function voteOn(input: RawBatch, i: number, question: string, preset: Preset, domain: BatchDomain): Vote {
  const completions = Object.hasOwn(input.solver_completions, question)
    ? input.solver_completions[question]
    : undefined;
  if (completions === undefined) {
    throw new UnansweredQuestion(
      `predicts[${i}] asks “${question.slice(0, 80)}”, but solver_completions has no entry for it: add the Solver's answers under exactly that text.`,
    );
  }
  const answers = completions.map((text) => domain.answerOf(text));
  return vote(answers, preset.vote.reward, (a, b) => domain.equal(a, b, preset.grade) === true);
}

function repetitionOf(parsed: readonly ParsedQuestion[], preset: Preset, domain: BatchDomain): Repetition {
  const tokens = domain.tokens && ((question: string) => domain.tokens?.(question, preset.repetition.tokens) ?? []);
  return repetition(
    parsed.map(({ question }) => question),
    { rules: preset.repetition, ...(tokens === undefined ? {} : { tokens }) },
  );
}
