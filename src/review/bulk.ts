import type { QuestionFilter } from "../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionChange, Verdict } from "../../remote-agent/src/protocol/review.ts";
import { duplicatesIn } from "./suspicions.ts";

/** What is decided on many questions at once. Only undecided ones are touched: a person's own verdict stays. */
export type Bulk =
  | { readonly kind: "share"; readonly verdict: Verdict; readonly below?: number; readonly atLeast?: number }
  | { readonly kind: "duplicates"; readonly verdict: "reject" }
  | { readonly kind: "wrongLabels"; readonly verdict: "reject" }
  | { readonly kind: "undecided"; readonly verdict: Verdict };

/** What the agent is asked for; all of it must be read before `chosen` can tell. */
export function bulkFilter(bulk: Bulk, iteration: number): QuestionFilter {
  const common = { iteration: [iteration], stage: ["curriculum"], kept: true };
  if (bulk.kind === "duplicates") return common; // also decided ones are what others repeat
  if (bulk.kind === "wrongLabels") return { ...common, decided: false, correct: false };
  return { ...common, decided: false };
}

/** The questions of `rows` that are meant, by the id of their task. */
export function chosen(bulk: Bulk, rows: readonly QuestionRow[]): string[] {
  const meant =
    bulk.kind === "duplicates"
      ? duplicatesIn(rows.filter(({ decision }) => decision?.verdict !== "reject"))
      : bulk.kind === "share"
        ? rows.filter(({ share }) => share !== null && share < (bulk.below ?? Infinity) && share >= (bulk.atLeast ?? 0))
        : rows;
  return meant.filter(({ decision }) => decision?.verdict == null).flatMap(({ task }) => task ?? []);
}

/** Changes in commands of a size that the agent takes at once. */
export function commandsOf(verdict: Verdict, tasks: readonly string[], atOnce = 200): DecisionChange[][] {
  const changes = [...new Set(tasks)].map((id) => ({ id, verdict }));
  return Array.from({ length: Math.ceil(changes.length / atOnce) }, (_, i) =>
    changes.slice(i * atOnce, (i + 1) * atOnce),
  );
}

/** A share as a person types it: 0.4, 0,4, 40 % or 40%. Undefined when it is none. */
export function shareOf(typed: string): number | undefined {
  const match = /^\s*(\d+(?:[.,]\d+)?|[.,]\d+)\s*(%?)\s*$/.exec(typed);
  if (match === null) return undefined;
  const value = Number((match[1] ?? "").replace(",", ".")) / (match[2] === "%" ? 100 : 1);
  return value >= 0 && value <= 1 ? value : undefined;
}
