import type {
  CheckpointRecord,
  DecisionRecord,
  ExampleRecord,
  MetricRecord,
  ScoreRecord,
  TaskRecord,
  TrajectoryRecord,
} from "../../protocol/records.ts";
import type { Place } from "./places.ts";
import type { Row } from "./tables.ts";

/** Rows out of records; `text` is what the pack has of the completion, null where it cannot be read. */

export function questionRow(
  place: Place,
  proposal: TrajectoryRecord,
  o: {
    task: TaskRecord | undefined;
    scores: readonly ScoreRecord[];
    decision: DecisionRecord | undefined;
    text: string | null;
  },
): Row {
  const { task, scores, decision, text } = o;
  const reward = scores.find((score) => score.scorer.name === "solve-rate");
  const vote = scores.find((score) => score.scorer.name === "pseudo-label");
  const parts = { ...reward?.parts, ...vote?.parts };
  return {
    ...completionOf(place, proposal, text),
    task: task?.id,
    valid: proposal.product.valid,
    question: proposal.product.question,
    proposed_answer: proposal.product.answer,
    difficulty: task?.difficulty,
    label: textOf(parts["label"]),
    votes: parts["votes"],
    denominator: parts["denominator"],
    majority_share: ratio(parts["votes"], parts["denominator"]),
    kept: vote?.parts["kept"],
    kept_reason: vote?.parts["reason"],
    label_correct: vote?.parts["correct"],
    reward: reward?.value,
    uncertainty: reward?.parts["uncertainty"],
    penalty: reward?.parts["penalty"],
    cluster: reward?.parts["cluster"],
    verdict: decision?.verdict,
    corrected_label: decision?.label,
    edited_question: decision?.question,
    note: decision?.note,
  };
}

export function answerRow(
  place: Place,
  answer: TrajectoryRecord,
  task: TaskRecord | undefined,
  score: ScoreRecord | undefined,
  text: string | null,
): Row {
  return {
    ...completionOf(place, answer, text),
    task: answer.parents[0],
    rollout: answer.rollout,
    question: task?.question,
    label: task?.truth.answer,
    answer: answer.product.answer,
    reward: score?.value,
  };
}

export function exampleRow(
  place: Place,
  example: ExampleRecord,
  member: number,
  o: {
    trajectory: TrajectoryRecord | undefined;
    task: TaskRecord | undefined;
    checkpoint: string | undefined;
    text: string | null;
  },
): Row {
  return {
    ...place,
    example: example.id,
    role: o.trajectory?.role,
    member,
    trajectory: example.members[member],
    task: example.parents[0],
    question: o.task?.question ?? o.trajectory?.product.question,
    label: example.label,
    completion: o.text,
    reward: example.rewards[member],
    advantage: example.advantages[member],
    checkpoint: o.checkpoint,
  };
}

export function metricRows({ iteration, stage, step, name: metric, values }: MetricRecord): Row[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const common = { iteration, stage, step, metric, name };
    if (!Array.isArray(value)) return [{ ...common, value }];
    return value.map((item, index) => ({ ...common, index, value: item }));
  });
}

export function checkpointRow(
  place: Place,
  record: CheckpointRecord,
  o: { removed: boolean; folder: string | undefined },
): Row {
  return {
    ...place,
    id: record.id,
    role: record.role,
    method: record.method,
    line_step: record.step,
    parent: record.parents[0],
    examples: Math.max(0, record.parents.length - 1),
    durable: record.durable,
    removed: o.removed,
    weights: record.weights,
    folder: o.folder,
    metrics: JSON.stringify(record.metrics),
  };
}

function completionOf(place: Place, record: TrajectoryRecord, text: string | null): Row {
  return {
    ...place,
    id: record.id,
    checkpoint: record.checkpoint,
    reason: record.product.reason,
    text,
    stop: record.stop,
    tokens: record.completionTokens,
    seed: record.seed,
  };
}

function textOf(part: ScoreRecord["parts"][string] | undefined): string | null {
  return typeof part === "string" && part !== "" ? part : null;
}

function ratio(votes: unknown, of: unknown): number | null {
  return typeof votes === "number" && typeof of === "number" && of > 0 ? votes / of : null;
}
