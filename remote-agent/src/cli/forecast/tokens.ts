import type { RunConfig } from "../../protocol/config.ts";
import { stagePlan } from "../plan.ts";
import { exactly, type Range, sum, times } from "./range.ts";

/** Tokens that a stage, or a whole run, asks of the engine. */
export interface Tokens {
  /** Completions sampled, as numbers of completions. */
  completions: Range;
  sampled: Range;
  /** Prompt tokens that are computed before sampling; rows that share a prompt share its states. */
  prompts: Range;
  /** Tokens of completions that are trained on, each once. */
  trained: Range;
}

/** Length of a completion as a share of the limit: short answers, typical ones, and every one cut off. */
const LENGTH = { low: 0.1, likely: 0.4, high: 1 };
/** Share of the Challenger's questions that are valid and so are answered. */
const VALID = { low: 0.3, likely: 0.9, high: 1 };
/** Share of groups whose rewards differ, which alone are trained on. */
const DIFFERENT = { low: 0.2, likely: 0.7, high: 1 };
/** Tokens of a prompt, system message and question together. */
const PROMPT = { low: 10, likely: 80, high: 250 };

export interface StageTokens extends Tokens {
  iteration: number;
  stage: string;
}

/** What each stage of a run will sample and train, from its sizes and the assumptions above. */
export function stageTokens(config: RunConfig): StageTokens[] {
  return stagePlan(config).map(({ iteration, stage, work }) => ({
    iteration,
    stage,
    ...tokensOf(config, stage, work),
  }));
}

export function totalTokens(stages: readonly Tokens[]): Tokens {
  const over = (name: keyof Tokens) => sum(stages.map((stage) => stage[name]));
  return {
    completions: over("completions"),
    sampled: over("sampled"),
    prompts: over("prompts"),
    trained: over("trained"),
  };
}

function tokensOf({ challenger, curriculum, solver }: RunConfig, stage: string, work: number): Tokens {
  switch (stage) {
    case "challenger": {
      const asked = challenger.steps * challenger.slots * challenger.rollouts;
      const trained = ranged(asked * challenger.sampling.maxTokens, LENGTH);
      return asking(asked, challenger.answers, challenger.sampling.maxTokens, solver.answerSampling.maxTokens, trained);
    }
    case "curriculum": {
      const { questions, answers, sampling } = curriculum;
      return asking(questions, answers, sampling.maxTokens, solver.answerSampling.maxTokens, exactly(0));
    }
    case "solver": {
      const answers = solver.steps * solver.prompts * solver.rollouts;
      const sampled = ranged(answers * solver.sampling.maxTokens, LENGTH);
      const trained = product(sampled, DIFFERENT);
      return { completions: exactly(answers), sampled, prompts: times(PROMPT, solver.steps * solver.prompts), trained };
    }
    default: {
      const sampled = ranged(work * solver.sampling.maxTokens, LENGTH);
      // A question's answers share its prompt, but for the greedy one.
      return { completions: exactly(work), sampled, prompts: times(PROMPT, work / 4), trained: exactly(0) };
    }
  }
}

/** Questions, and `m` answers to each valid one. */
function asking(questions: number, m: number, questionLimit: number, answerLimit: number, trained: Range): Tokens {
  const answered = ranged(questions * m, VALID);
  const sampled = sum([ranged(questions * questionLimit, LENGTH), product(times(answered, answerLimit), LENGTH)]);
  return {
    completions: sum([exactly(questions), answered]),
    sampled,
    prompts: product(ranged(questions, VALID), PROMPT),
    trained: product(trained, DIFFERENT),
  };
}

function ranged(value: number, share: Range): Range {
  return { low: value * share.low, likely: value * share.likely, high: value * share.high };
}

function product(a: Range, b: Range): Range {
  return { low: a.low * b.low, likely: a.likely * b.likely, high: a.high * b.high };
}
