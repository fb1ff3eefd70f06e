import type { CheckpointRecord, DecisionRecord, GateRecord, ScoreRecord, TaskRecord } from "../protocol/records.ts";
import { metric } from "../verbs/metric.ts";
import { notice } from "../verbs/notice.ts";
import { rolloutAll } from "../verbs/rollout.ts";
import type { Scope } from "../verbs/scope.ts";
import { score } from "../verbs/score.ts";
import { source } from "../verbs/source.ts";
import { labelScorer } from "./rZeroScorers.ts";

interface Review {
  iteration: number;
  /** What the band kept. Parents of each: the task that posed the question, and its label's score. */
  curriculum: TaskRecord[];
  /** The frozen Solver that labels edited questions. */
  solver: CheckpointRecord;
  released: GateRecord;
}

/**
 * The curriculum as a reviewer left it, in its order: rejected questions are out, corrected labels and edited questions are new tasks
 * whose parents are the old task and the decision. Where nobody was asked it is the curriculum itself, and no call is made.
 * `nothing`: there was something, and the review left none of it.
 */
export async function reviewedCurriculum(parent: Scope, review: Review): Promise<TaskRecord[] | "nothing"> {
  const { curriculum, released, iteration } = review;
  if (released.undecided === undefined) return curriculum;
  const scope = parent.child("review");
  const decisions = scope.run.decisions(released.decisionsUpTo);
  const items = curriculum.map((task) => ({ task, decision: decisions.get(task.parents[0] ?? "") ?? null }));
  const chosen = items.filter(({ decision }) =>
    decision?.verdict == null ? released.undecided === "keep" : decision.verdict === "approve",
  );
  const [edited, others] = [chosen.filter(isEdited), chosen.filter((item) => !isEdited(item))];
  const corrected = others.filter(isCorrected);
  const [asked, relabelled] = await Promise.all([editedTasks(scope, review, edited), correctedTasks(scope, corrected)]);
  const replaced = new Map<TaskRecord, TaskRecord | null>([
    ...edited.map(({ task }, i) => [task, asked[i] ?? null] as const),
    ...corrected.map(({ task }, i) => [task, relabelled[i] as TaskRecord] as const),
  ]);
  const reviewed = chosen.flatMap(({ task }) => (replaced.has(task) ? (replaced.get(task) ?? []) : [task]));
  await metric(scope, {
    name: "review",
    iteration,
    stage: "curriculum",
    step: null,
    values: {
      questions: curriculum.length,
      approved: items.filter(({ decision }) => decision?.verdict === "approve").length,
      rejected: items.filter(({ decision }) => decision?.verdict === "reject").length,
      undecided: items.filter(({ decision }) => decision?.verdict == null).length,
      corrected: corrected.length,
      edited: edited.length,
      trained: reviewed.length,
    },
  });
  if (reviewed.length > 0 || curriculum.length === 0) return reviewed;
  const message = `The review of iteration ${iteration} left none of ${curriculum.length} questions: the Solver stays as it is.`;
  await notice(scope, "nothing-left", { level: "warning", code: "review_left_nothing", message });
  return "nothing";
}

interface Item {
  task: TaskRecord;
  decision: DecisionRecord | null;
}
type Decided = Item & { decision: DecisionRecord };

function isEdited(item: Item): item is Decided {
  return item.decision?.question != null && item.decision.question !== item.task.question;
}

function isCorrected(item: Item): item is Decided {
  return item.decision?.label != null && item.decision.label !== item.task.truth.answer;
}

function correctedTasks(scope: Scope, items: Decided[]): Promise<TaskRecord[]> {
  if (items.length === 0) return Promise.resolve([]);
  return source(scope, {
    key: "corrected",
    tasks: items.map(({ task, decision }) => ({
      question: task.question,
      parents: [task.id, decision.id],
      truth: { source: "review", answer: decision.label },
      difficulty: task.difficulty,
      proposedBy: task.proposedBy,
    })),
  });
}

/**
 * Edited questions as tasks with labels: the reviewer's, or the majority of the Solver's answers, whatever the band says of it. Null
 * for one that cannot be trained on: it has no label, or is held out for the audit.
 */
async function editedTasks(
  scope: Scope,
  { iteration, solver }: Review,
  items: Decided[],
): Promise<(TaskRecord | null)[]> {
  if (items.length === 0) return [];
  const { domain } = scope.run;
  const posed = await source(scope, {
    key: "edited",
    tasks: items.map(({ task, decision }) => ({
      question: decision.question,
      parents: [task.id, decision.id],
      difficulty: domain.difficulty(decision.question ?? ""),
    })),
  });
  const open = posed.filter((_, i) => items[i]?.decision.label == null);
  const labels = await labelsOf(scope, open, solver);
  const labelOf = new Map(open.map((task, i) => [task, labels[i] as ScoreRecord]));
  const usable = posed.flatMap((task, i) => {
    const given = items[i]?.decision.label ?? null;
    const vote = labelOf.get(task);
    const answer = given ?? String(vote?.parts["label"] ?? "");
    if (answer === "" || domain.isHeldOut(task.question ?? "")) return [];
    return [{ task, answer, vote, given }];
  });
  const left = posed.length - usable.length;
  if (left > 0) {
    const message = `${left} of ${posed.length} questions edited in the review of iteration ${iteration} cannot be trained on: the Solver gave no answer, or they are held out for the audit.`;
    await notice(scope, "unusable-edits", { level: "warning", code: "edits_left_out", message });
  }
  const { label } = scope.run.config.curriculum;
  const tasks = await source(scope, {
    key: "edited-curriculum",
    tasks: usable.map(({ task, answer, vote, given }) => ({
      question: task.question,
      parents: [task.id, ...(vote === undefined ? [] : [vote.id])],
      truth: { source: given !== null ? "review" : label === "truth" ? "key" : label, answer },
      difficulty: task.difficulty,
    })),
  });
  const byPosed = new Map(usable.map(({ task }, i) => [task, tasks[i] as TaskRecord]));
  return posed.map((task) => byPosed.get(task) ?? null);
}

async function labelsOf(scope: Scope, tasks: TaskRecord[], solver: CheckpointRecord): Promise<ScoreRecord[]> {
  if (tasks.length === 0) return [];
  const { config } = scope.run;
  const m = config.curriculum.answers;
  const sampling = config.solver.answerSampling;
  const answers = await rolloutAll(scope, {
    key: "answers",
    role: "solver",
    checkpoint: solver,
    tasks,
    n: m,
    sampling,
  });
  const posed = tasks.map((task, i) => ({ task, answers: answers.slice(i * m, (i + 1) * m), settled: null }));
  return score(scope, labelScorer.spec(scope.run, posed, solver), () => labelScorer.compute(scope.run, posed));
}
