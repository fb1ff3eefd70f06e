import type { RunConfig } from "../protocol/config.ts";
import type { ParsedQuestion } from "../scoring/parse.ts";
import type { GradeRules, ParseRules, RepetitionRules } from "../scoring/presets.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface AuditItem {
  readonly question: string;
  readonly answer: string;
  readonly difficulty: number;
}

/** `examples` shows the format by turns before the question, for models that do not follow instructions (run.yaml, `prompt`). */
export type PromptStyle = RunConfig["prompt"];

/** What the questions are about: prompts, parser, grader and truth are replaced together. */
export interface Domain {
  readonly name: string;
  /** The same for every rollout: distinct samples come from seeds. */
  challengerMessages(style?: PromptStyle): ChatMessage[];
  solverMessages(question: string, style?: PromptStyle): ChatMessage[];
  /** The question of a Challenger completion; a well-formed one that is not of this domain is invalid (`not_of_domain`). */
  parse(text: string, rules: ParseRules): ParsedQuestion;
  /** The answer of a Solver completion, null without a closed box. */
  answerOf(text: string): string | null;
  /** Whether two answers are the same answer; null where only a symbolic grader can tell (`RunContext.grade`). */
  equal(a: string, b: string, rules?: GradeRules): boolean | null;
  /** The true answer where it can be known. Reported, never trained on. */
  truth(question: string): string | null;
  /** A number that grows with difficulty, null where there is none. */
  difficulty(question: string): number | null;
  /** Tokens that BLEU compares: the preset's kind, unless the domain has its own. */
  tokens(question: string, rules?: RepetitionRules["tokens"]): string[];
  /** Held-out questions, equal for equal arguments; `size` of them per difficulty. */
  auditSet(seed?: string, size?: number): AuditItem[];
  /** Whether a question stands in the default audit set: it may be asked, but nothing may train on it. */
  isHeldOut(question: string): boolean;
  /** Null for a question of this domain, else why it is none. */
  checkQuestion(question: string): string | null;
}
