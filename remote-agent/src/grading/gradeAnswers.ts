import { compareAnswers, type PlainRule } from "../scoring/answers/compareAnswers.ts";
import { equalByGrade, gradePlainNumbers } from "../scoring/equality.ts";
import type { GradeRules } from "../scoring/presets.ts";
import type { AnswerPair } from "../scoring/vote.ts";
import type { SymbolicGrader, SymbolicRule } from "./grader.ts";

/** What decided on a pair: exact comparison, the symbolic grader, the reference's rules, or nothing. */
export type GradeRule = PlainRule | SymbolicRule | "reference";

export interface GradedPair {
  readonly equal: boolean;
  readonly rule: GradeRule;
}

/** Grades pairs as a run would, and tells what decided. Without a symbolic grader undecided is not equal. */
export async function gradeAnswers(
  pairs: readonly AnswerPair[],
  rules: GradeRules,
  symbolic: () => Promise<SymbolicGrader | null>,
): Promise<GradedPair[]> {
  if (rules === "reference") return pairs.map(([a, b]) => ({ equal: asReference(a, b), rule: "reference" }));
  const plain = pairs.map(([a, b]) => compareAnswers(a, b));
  const open = pairs.filter((_, i) => plain[i]?.equal === null);
  const grader = open.length === 0 ? null : await symbolic();
  const verdicts = (grader === null ? [] : await grader.grade(open)).values();
  return plain.map(({ equal, rule }) => {
    if (equal !== null) return { equal, rule };
    return verdicts.next().value ?? { equal: false, rule: "undecided" };
  });
}

const asReference = equalByGrade(gradePlainNumbers);
