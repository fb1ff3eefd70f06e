import type { AuditItem, Domain } from "../../remote-agent/src/domains/domain.ts";
import { extractBoxed, parseQuestion } from "../../remote-agent/src/scoring/parse.ts";
import { wordTokens } from "../../remote-agent/src/scoring/tokens.ts";

/** Greatest common divisors: `gcd 84 36` → `12`. Difficulty is the number of digits of the larger number. */
export const gcdDomain: Domain = {
  name: "gcd",
  challengerMessages: () => [
    {
      role: "user",
      content:
        "Ask for the greatest common divisor of two numbers, as <question>gcd 84 36</question>, then give the answer as \\boxed{12}.",
    },
  ],
  solverMessages: (question) => [{ role: "user", content: `${question}\nGive the answer as \\boxed{}.` }],
  parse(text, rules) {
    const parsed = parseQuestion(text, rules);
    if (!parsed.valid || numbersOf(parsed.question) !== null) return parsed;
    return { valid: false, question: "", answer: parsed.answer, reason: "not_of_domain" };
  },
  answerOf: extractBoxed,
  // Never null: two numbers are equal or they are not, however they are written.
  equal: (a, b) => (/^[0-9]+$/.test(a) && /^[0-9]+$/.test(b) ? BigInt(a) === BigInt(b) : a === b),
  truth(question) {
    const numbers = numbersOf(question);
    return numbers === null ? null : String(gcd(...numbers));
  },
  difficulty: (question) => {
    const numbers = numbersOf(question);
    return numbers === null ? null : Math.max(...numbers.map((number) => String(number).length));
  },
  tokens: (question) => wordTokens(question),
  auditSet,
  isHeldOut: (question) => heldOut.has(question),
  checkQuestion: (question) => (numbersOf(question) === null ? "not of the form “gcd” and two numbers" : null),
};

const levels = [1, 2, 3];
const largestAudit = 5;

/** `size` questions of each difficulty, the same for everybody. @throws RangeError for more than are held out */
function auditSet(_seed?: string, size = largestAudit): AuditItem[] {
  if (!Number.isInteger(size) || size < 0 || size > largestAudit)
    throw new RangeError(`An audit of gcd has 0 to ${largestAudit} questions of each difficulty, not ${size}.`);
  return levels.flatMap((digits) =>
    Array.from({ length: size }, (_, i) => {
      const [a, b] = [10n ** BigInt(digits - 1) + BigInt(i), BigInt(i + 1)];
      return { question: `gcd ${a} ${b}`, answer: String(gcd(a, b)), difficulty: digits };
    }),
  );
}

const heldOut: ReadonlySet<string> = new Set(auditSet().map(({ question }) => question));

function numbersOf(question: string): [bigint, bigint] | null {
  const match = /^gcd ([1-9][0-9]{0,29}) ([1-9][0-9]{0,29})$/.exec(question);
  return match === null ? null : [BigInt(match[1] ?? ""), BigInt(match[2] ?? "")];
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}
