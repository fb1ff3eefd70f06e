import { type DecisionRecord, type RunRecord, recordId, type Stored } from "../protocol/records.ts";
import type { DecisionChange, DecisionContent, DecisionView, UndecidedPolicy } from "../protocol/review.ts";
import { recordIdOf } from "../verbs/identity.ts";
import { clippedTexts, rowTexts } from "./index/decisionTexts.ts";
import type { OpenedRun } from "./opened.ts";
import { RANGE_CHARS } from "./passedRecord.ts";
import { contentOf, type ReviewHistory } from "./reviewHistory.ts";

/** A reviewer asked for what cannot be done; the message says why and what would be right. */
export class ReviewRefused extends Error {
  override readonly name = "ReviewRefused";
}

interface Command {
  /** The client's id: a repeat adds nothing. */
  command: string;
  by: string;
}

/** A change whose question is known by the task that first posed it. */
export type ResolvedChange = Omit<DecisionChange, "id"> & { task: string };

/** Records what reviewers decide, one command after the other, by whoever owns the run at the moment. */
export class ReviewWriter {
  readonly #opened: Pick<OpenedRun, "journal" | "review">;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(opened: Pick<OpenedRun, "journal" | "review">) {
    this.#opened = opened;
  }

  /**
   * A crash may keep some decisions of a command and not the others: the command's repeat, which the client sends because it got no
   * answer, adds those. @throws ReviewRefused, and nothing is recorded then
   */
  decide(
    command: Command,
    changes: readonly ResolvedChange[],
  ): Promise<{ decisions: DecisionView[]; repeated: boolean }> {
    return this.#inTurn(async () => {
      const { journal, review } = this.#opened;
      const ids = changes.map((_, i) => recordIdOf(`decide:${command.command}`, i));
      const missing = changes.flatMap((change, i) => {
        const id = ids[i] as string;
        return review.byId(id) === undefined ? [{ change, id }] : [];
      });
      const unknown = changes.find(({ task }) => !recordId.safeParse(task).success);
      if (unknown !== undefined)
        throw new ReviewRefused(
          `'${unknown.task.slice(0, 40)}' is no id of a question: ids are 24 hexadecimal digits.`,
        );
      const twice = changes.find((change, i) => changes.some((other, k) => k < i && other.task === change.task));
      if (twice !== undefined)
        throw new ReviewRefused(
          `One command names the question ${twice.task} twice: send one change for each question.`,
        );
      const records = missing.map(({ change, id }) => decisionOf(review, command, change, id));
      if (records.length > 0) await journal.append(records, { durable: true, reserve: true });
      const decisions = ids.map((id) => viewOf(review.byId(id) as Stored<DecisionRecord>));
      return { decisions: inOneMessage(decisions), repeated: missing.length === 0 };
    });
  }

  /** Switches the gates that are still to come. */
  gate(command: Command, on: boolean): Promise<{ repeated: boolean }> {
    return this.#inTurn(async () => {
      const { journal, review } = this.#opened;
      if (review.hasGating(command.command)) return { repeated: true };
      await journal.append([{ type: "gating", ...command, on }], { durable: true, reserve: true });
      return { repeated: false };
    });
  }

  /** Releases the gate that is waited at; `beside` becomes durable with it. @throws ReviewRefused when none is */
  release(
    command: Command,
    undecided: UndecidedPolicy,
    beside: () => RunRecord[],
  ): Promise<{ repeated: boolean; iteration: number }> {
    return this.#inTurn(async () => {
      const { journal, review } = this.#opened;
      const earlier = review.releasedBy(command.command);
      if (earlier !== undefined) return { repeated: true, iteration: iterationOf(earlier.gate) };
      const { waiting } = review;
      if (waiting === null)
        throw new ReviewRefused(
          "The run waits at no review gate, so there is nothing to release. `rzero review RUN --gate on` makes the next iteration wait.",
        );
      const release = { type: "release" as const, ...command, gate: waiting.gate, undecided };
      await journal.append([release, ...beside()], { durable: true, reserve: true });
      return { repeated: false, iteration: waiting.iteration };
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined); // told to who asked
    return turn;
  }
}

function decisionOf(
  review: ReviewHistory,
  { command, by }: Command,
  { task, undo, ...change }: ResolvedChange,
  id: string,
): DecisionRecord {
  const { newest, content, before } = review.standing(task);
  const common = { type: "decision" as const, id, command, task, by };
  if (undo === undefined) return { ...common, ...changed(content, change), undoes: null };
  if (Object.values(change).some((value) => value !== undefined))
    throw new ReviewRefused(`A change of question ${task} both takes something back and says something new.`);
  if (newest === null)
    throw new ReviewRefused(`Nothing is decided on question ${task}, so there is nothing to take back.`);
  return { ...common, ...before, undoes: newest.id };
}

/** What stands after a change: what it does not name stays; who corrects or edits a question approves it, unless they say otherwise. */
export function changed(content: DecisionContent, change: Partial<DecisionContent>): DecisionContent {
  const approves = change.verdict === undefined && (change.label != null || change.question != null);
  return {
    verdict: approves ? "approve" : change.verdict === undefined ? content.verdict : change.verdict,
    label: change.label === undefined ? content.label : change.label,
    question: change.question === undefined ? content.question : change.question,
    note: change.note === undefined ? content.note : change.note,
  };
}

export function viewOf(decision: Stored<DecisionRecord>): DecisionView {
  const { id, task, undoes, by, t, seq } = decision;
  return { id, task, ...contentOf(decision), undoes, by, at: t, seq };
}

/** Where they are too long for a message together, their texts are as in rows of questions. */
function inOneMessage(decisions: DecisionView[]): DecisionView[] {
  if (JSON.stringify(decisions).length <= RANGE_CHARS) return decisions;
  return decisions.map((view) => ({ ...view, ...clippedTexts(view, rowTexts) }));
}

/** The iteration of a gate's call key. */
function iterationOf(gate: string): number {
  return Number(/iteration:(\d+)\//.exec(gate)?.[1] ?? 0);
}
