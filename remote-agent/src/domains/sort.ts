import { createHash } from "node:crypto";
import { extractBoxed, type ParsedQuestion, parseQuestion } from "../scoring/parse.ts";
import { type ParseRules, presets } from "../scoring/presets.ts";
import { characterTokens } from "../scoring/tokens.ts";
import type { AuditItem, Domain } from "./domain.ts";

/** Lengths of the audit's questions, both included. */
export const auditLengths = { shortest: 2, longest: 24 } as const;
const auditPerLength = 10;
// Never the seed of a run: every run, and the pre-training of the base model, hold out the same questions.
const auditSeed = "audit";

/** The demo's domain: `sort 58213` → `12358`. Its difficulty is the number of digits. */
export const sortDomain: Domain = {
  name: "sort",
  challengerMessages: () => [{ role: "user", content: "New question" }],
  solverMessages: (question) => [{ role: "user", content: question }],
  parse,
  answerOf: extractBoxed,
  equal: (a, b) => a === b,
  truth: (question) => sorted(question),
  difficulty: (question) => digitsOf(question)?.length ?? null,
  // The word tokenizer would see one token. What is no sorting question is compared character by character as well.
  tokens: (question) => characterTokens(digitsOf(question) ?? question),
  auditSet,
  isHeldOut,
  checkQuestion: (question) => (digitsOf(question) === null ? "not of the form “sort” and a row of digits" : null),
};

function parse(text: string, rules: ParseRules = presets.strict.parse): ParsedQuestion {
  const parsed = parseQuestion(text, rules);
  if (!parsed.valid || digitsOf(parsed.question) !== null) return parsed;
  return { valid: false, question: "", answer: parsed.answer, reason: "not_of_domain" };
}

function digitsOf(question: string): string | null {
  return /^sort ([0-9]+)$/.exec(question)?.[1] ?? null;
}

function sorted(question: string): string | null {
  const digits = digitsOf(question);
  return digits === null ? null : [...digits].sort().join("");
}

/**
 * Held-out questions of every length, `size` each, all different. Digits come from SHA-256 of `seed/length/number`, so that
 * any language can make the same set: bytes of the digest below 250, each modulo 10; where they do not suffice, the digests of
 * `seed/length/number/1`, `…/2`, … follow. A question that already stands in the set is passed over and the next number taken.
 *
 * Only the sets of the default seed are held out, each of them part of the largest.
 *
 * @throws RangeError for more than ten questions of a length: the base model may have been trained on the eleventh
 */
export function auditSet(seed: string = auditSeed, size: number = auditPerLength): AuditItem[] {
  if (!Number.isInteger(size) || size < 0 || size > auditPerLength) {
    throw new RangeError(
      `An audit of sorting has 0 to ${auditPerLength} questions of each length, not ${size}: more are not held out of training.`,
    );
  }
  const items: AuditItem[] = [];
  for (let length = auditLengths.shortest; length <= auditLengths.longest; length++) {
    const rows = new Set<string>();
    for (let number = 0; rows.size < size; number++) rows.add(digitRow(`${seed}/${length}/${number}`, length));
    for (const row of rows) {
      items.push({ question: `sort ${row}`, answer: [...row].sort().join(""), difficulty: length });
    }
  }
  return items;
}

function digitRow(name: string, length: number): string {
  let row = "";
  for (let part = 0; row.length < length; part++) {
    const digest = createHash("sha256")
      .update(part === 0 ? name : `${name}/${part}`)
      .digest();
    for (const byte of digest) if (byte < 250) row += byte % 10;
  }
  return row.slice(0, length);
}

const heldOut: ReadonlySet<string> = new Set(auditSet().map(({ question }) => question));

export function isHeldOut(question: string): boolean {
  return heldOut.has(question);
}
