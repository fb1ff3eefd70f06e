import { compareAnswers } from "../scoring/answers/compareAnswers.ts";
import { equalByGrade, gradePlainNumbers } from "../scoring/equality.ts";
import { extractBoxed, parseQuestion } from "../scoring/parse.ts";
import { presets } from "../scoring/presets.ts";
import { scriptTokens, wordTokens } from "../scoring/tokens.ts";
import type { AuditItem, Domain } from "./domain.ts";
import { mathProblems } from "./mathAudit.ts";
import { challengerExamples, solverExamples } from "./mathExamples.ts";

const heldOutPerLevel = 10;

/**
 * Mathematics in LaTeX or plain text. A question's truth is not known, and neither is its difficulty: what stands for it is
 * the Solver's own agreement, which the run measures. Only the problems of the audit have a level.
 */
export const mathDomain: Domain = {
  name: "math",
  challengerMessages: (style = "plain") => [
    { role: "system", content: challengerSystem },
    ...(style === "examples" ? challengerExamples(challengerRequest) : []),
    { role: "user", content: challengerRequest },
  ],
  solverMessages: (question, style = "plain") => [
    { role: "system", content: solverSystem },
    ...(style === "examples" ? solverExamples : []),
    { role: "user", content: question },
  ],
  parse: (text, rules = presets.strict.parse) => parseQuestion(text, rules),
  answerOf: extractBoxed,
  equal: (a, b, rules = "exact") => (rules === "reference" ? asReference(a, b) : compareAnswers(a, b).equal),
  truth: () => null,
  difficulty: () => null,
  tokens: (question, rules = "scripts") => (rules === "words" ? wordTokens(question) : scriptTokens(question)),
  auditSet,
  isHeldOut: (question) => heldOut.has(plainText(question)),
  checkQuestion: (question) => (question.trim() === "" ? "empty" : null),
};

/**
 * The reference's rules as far as they go without its symbolic engine: numbers and simple fractions, as they are written.
 * Nothing is left undecided.
 */
const asReference = equalByGrade(gradePlainNumbers);

const challengerSystem =
  "You write problems for a mathematics competition. Think first, for yourself: choose any area of mathematics, invent a problem " +
  "of your own, and solve it before you hand it in. It must be so hard that fewer than three in ten good high-school students " +
  "solve it, it must have one definite answer that can be checked, and it must not be taken from a textbook or a contest that exists.\n\n" +
  "Then write exactly two things and nothing else:\n" +
  "<question>\nthe full statement of the problem\n</question>\n" +
  "\\boxed{its final answer}";
const challengerRequest = "Hand in one new problem now, in that form.";

const solverSystem =
  "Work the problem out step by step. When you are done, write the final answer once, inside \\boxed{}.";

/** The first `size` problems of each level. @throws RangeError for more than are held out */
function auditSet(_seed?: string, size = heldOutPerLevel): AuditItem[] {
  if (!Number.isInteger(size) || size < 0 || size > heldOutPerLevel)
    throw new RangeError(`An audit of mathematics has 0 to ${heldOutPerLevel} problems of each level, not ${size}.`);
  const levels = Map.groupBy(mathProblems, ({ difficulty }) => difficulty);
  return [...levels.values()].flatMap((problems) => problems.slice(0, size));
}

/** A problem that is only set differently is the same one: case, spaces, dollar signs and the last full stop do not count. */
function plainText(question: string): string {
  return question
    .toLowerCase()
    .replace(/\\[()[\]]|\$/g, "")
    .replace(/\s+/g, "")
    .replace(/[.?!]+$/, "");
}

const heldOut: ReadonlySet<string> = new Set(mathProblems.map(({ question }) => plainText(question)));
