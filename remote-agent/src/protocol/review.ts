import * as z from "zod";

/**
 * What a reviewer says of a question. A decision is about a question (by the id of its task); each record of one holds all that is
 * decided on it from there on, so the newest counts and what it replaced can be had again.
 */
export const verdict = z.enum(["approve", "reject"]);
export type Verdict = z.infer<typeof verdict>;

/** What becomes of questions that nobody approved or rejected when a review gate is released. */
export const undecidedPolicy = z.enum(["keep", "drop"]);
export type UndecidedPolicy = z.infer<typeof undecidedPolicy>;

export const MOST_CHANGES = 500;
export const LABEL_CHARS = 10_000;
export const QUESTION_CHARS = 100_000;
export const NOTE_CHARS = 10_000;

const label = z.string().trim().min(1).max(LABEL_CHARS).nullable();
const question = z.string().trim().min(1).max(QUESTION_CHARS).nullable();
const note = z.string().trim().min(1).max(NOTE_CHARS).nullable();

/** A change of what is decided on one question: what is not named stays, null takes it back. */
export const decisionChange = z.strictObject({
  /** Of the question: of its proposal, its task, or of any record that belongs to it. */
  id: z.string().max(100),
  verdict: verdict.nullable().optional(),
  /** The right label, in place of the pseudo-label. With a label or an edited question comes `approve` unless a verdict is named. */
  label: label.optional(),
  /** The question as it is to be asked; without a `label` it is labelled anew, by the majority. */
  question: question.optional(),
  note: note.optional(),
  /** Takes the newest change of this question back; the others must be absent then. */
  undo: z.literal(true).optional(),
});
export type DecisionChange = z.infer<typeof decisionChange>;

/** What is decided on a question. */
export const decisionContent = z.object({
  verdict: verdict.nullable(),
  label: z.string().nullable(),
  question: z.string().nullable(),
  note: z.string().nullable(),
});
export type DecisionContent = z.infer<typeof decisionContent>;

export const nothingDecided: DecisionContent = { verdict: null, label: null, question: null, note: null };

/** A decision in a few words. */
export function decisionText({ verdict, label, question, note }: DecisionContent): string {
  const parts = [
    ...(verdict === null ? [] : [verdict === "approve" ? "approved" : "rejected"]),
    ...(label === null ? [] : [`label ${label}`]),
    ...(question === null ? [] : [`edited to: ${question}`]),
    ...(note === null ? [] : [`note: ${note}`]),
  ];
  return parts.join(", ") || "nothing decided";
}

/** So much of a decision's label, question and note stands in a row of questions; half a character is not left at the end. */
export const ROW_DECISION_CHARS = 1000;
/** The same of the label that the answers gave it. */
export const ROW_LABEL_CHARS = 200;

/** A decision as clients see it; the texts are cut in rows of questions, whole in `runs/decisions`. */
export const decisionView = decisionContent.extend({
  id: z.string(),
  task: z.string(),
  /** Id of the decision that this one took back. */
  undoes: z.string().nullable(),
  by: z.string(),
  /** Milliseconds since the epoch, and the record's number. */
  at: z.number(),
  seq: z.number().int(),
});
export type DecisionView = z.infer<typeof decisionView>;

/** A gate at which a run waits for a reviewer: its call's key, and the iteration. */
export const waitingGate = z.object({ gate: z.string(), iteration: z.number().int() });
export type WaitingGate = z.infer<typeof waitingGate>;

/** How review stands. `gate` is what a command has set; null: as run.yaml says. */
export const reviewView = z.object({ gate: z.boolean().nullable(), waiting: waitingGate.nullable() });
export type ReviewView = z.infer<typeof reviewView>;
