import type { MetricRecord, ScoreRecord, TrajectoryRecord } from "../protocol/records.ts";
import type { Asked } from "./rZero.ts";

type Values = MetricRecord["values"];

/** Challenger step: what was asked and what it earned. Shares are of all completions, difficulty of valid questions. */
export function questionMetrics(asked: Asked[], rewards: ScoreRecord[]): Values {
  const valid = asked.filter((item) => item.task !== null);
  const part = (name: string) => rewards.map((reward) => Number(reward.parts[name] ?? 0));
  return {
    reward: mean(rewards.map((reward) => reward.value)),
    uncertainty: mean(part("uncertainty")),
    repetition_penalty: mean(part("penalty")),
    valid_share: share(valid.length, asked.length),
    unique_share: share(new Set(valid.map((item) => item.task?.question)).size, valid.length),
    difficulty: mean(valid.flatMap((item) => item.task?.difficulty ?? [])),
    completion_tokens: mean(asked.map((item) => item.proposal.completionTokens)),
    truncated_share: share(asked.filter((item) => item.proposal.stop === "length").length, asked.length),
  };
}

/**
 * Curriculum of questions with `m` answers each. What needs all of them is told only of the questions that have them:
 * `share_histogram[k]` counts those with k of m votes for the majority answer, and leaves the `stopped_early` others out;
 * `majority_share`, the mean of p̂, is null where some stopped early and then lies between its `_low` and `_high`. Decisions and
 * labels do not depend on it.
 */
export function curriculumMetrics(asked: Asked[], labels: ScoreRecord[], m: number): Values {
  const valid = asked.filter((item) => item.task !== null);
  const keptFlags = labels.map((label) => label.parts["kept"] === true);
  const whole = labels.filter((label) => label.parts["stopped_early"] !== true);
  const histogram = new Array<number>(m + 1).fill(0);
  for (const label of whole) {
    const votes = Number(label.parts["votes"]);
    histogram[votes] = (histogram[votes] ?? 0) + 1;
  }
  const accuracy = (flags: boolean[]) => {
    const judged = labels.filter((label, i) => flags[i] === true && label.parts["correct"] !== null);
    return share(judged.filter((label) => label.parts["correct"] === true).length, judged.length);
  };
  const because = (reason: string) =>
    share(labels.filter((label) => label.parts["reason"] === reason).length, asked.length);
  const bound = (end: "p_low" | "p_high") => mean(labels.map((label) => Number(label.parts[end] ?? label.value)));
  const drawn = valid.reduce((total, item) => total + item.answers.length, 0);
  return {
    questions: asked.length,
    valid_share: share(valid.length, asked.length),
    unique_share: share(new Set(valid.map((item) => item.task?.question)).size, valid.length),
    kept: keptFlags.filter(Boolean).length,
    kept_share: share(keptFlags.filter(Boolean).length, asked.length),
    too_easy_share: because("too_easy"),
    too_hard_share: because("too_hard"),
    difficulty: mean(valid.flatMap((item) => item.task?.difficulty ?? [])),
    kept_difficulty: mean(valid.flatMap((item, i) => (keptFlags[i] === true ? (item.task?.difficulty ?? []) : []))),
    majority_share: whole.length === labels.length ? bound("p_low") : null,
    majority_share_low: bound("p_low"),
    majority_share_high: bound("p_high"),
    label_accuracy: accuracy(labels.map(() => true)),
    kept_label_accuracy: accuracy(keptFlags),
    share_histogram: histogram,
    stopped_early: labels.length - whole.length,
    answers: drawn,
    answers_saved_share: valid.length === 0 ? null : 1 - drawn / (m * valid.length),
  };
}

/** Solver step: share of answers that agree with the pseudo-label, and how long they were. */
export function solverMetrics(answers: TrajectoryRecord[], rewards: ScoreRecord[]): Values {
  return {
    reward: mean(rewards.map((reward) => reward.value)),
    completion_tokens: mean(answers.map((answer) => answer.completionTokens)),
    truncated_share: share(answers.filter((answer) => answer.stop === "length").length, answers.length),
  };
}

export function mean(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
}

export function share(count: number, of: number): number | null {
  return of === 0 ? null : count / of;
}
