import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";

export type Suspicion =
  | { readonly kind: "duplicate"; readonly of: number }
  | { readonly kind: "wrongLabel" }
  | { readonly kind: "contested"; readonly votes: number; readonly denominator: number }
  | { readonly kind: "unanswerable" }
  | { readonly kind: "cutAnswers"; readonly cut: number; readonly of: number }
  | { readonly kind: "malformed"; readonly reason: string | null };

/** What a reviewer should look at, by position among the rows. Rejected questions are out of the way already. */
export function suspicionsOf(rows: readonly QuestionRow[]): ReadonlyMap<number, readonly Suspicion[]> {
  const found = new Map<number, Suspicion[]>();
  const first = new Map<string, number>();
  for (const [i, row] of rows.entries()) {
    const own: Suspicion[] = [];
    const key = normalized(row.text);
    const earlier = first.get(key);
    if (row.decision?.verdict === "reject") continue;
    if (earlier === undefined) first.set(key, i);
    else own.push({ kind: "duplicate", of: earlier });
    own.push(...alone(row));
    if (own.length > 0) found.set(i, own);
  }
  return found;
}

function alone(row: QuestionRow): Suspicion[] {
  const { votes, denominator, answers, truncated, correct, decision } = row;
  if (!row.valid) return [{ kind: "malformed", reason: row.reason }];
  if (decision?.question != null) return []; // the figures are of the old text
  const found: Suspicion[] = [];
  const isCorrected = decision?.label != null;
  if (votes === 0 && denominator !== null) found.push({ kind: "unanswerable" });
  else if (votes !== null && denominator !== null && !isCorrected && 2 * votes < denominator)
    found.push({ kind: "contested", votes, denominator });
  if (correct === false && !isCorrected) found.push({ kind: "wrongLabel" });
  if (answers > 0 && 2 * truncated > answers) found.push({ kind: "cutAnswers", cut: truncated, of: answers });
  return found;
}

/** Rows that repeat an earlier one, in order. */
export function duplicatesIn(rows: readonly QuestionRow[]): QuestionRow[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = normalized(row.text);
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
}

/** Two questions are one when they differ in spaces, capitals and forms of characters only. */
function normalized(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}
