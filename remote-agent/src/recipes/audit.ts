import type { CheckpointRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";
import { metric } from "../verbs/metric.ts";
import { rolloutAll } from "../verbs/rollout.ts";
import type { Scope } from "../verbs/scope.ts";
import { source } from "../verbs/source.ts";
import { mean, share } from "./rZeroMetrics.ts";
import { majorityOf } from "./rZeroScorers.ts";

const sampled = { temperature: 1, topP: 1, topK: 0 };

/**
 * Tests a Solver on held-out questions that nothing ever trains on: mean accuracy of sampled answers
 * (mean@k), of the majority of `samples` of them (majority@k, averaged over `draws` votes), and of the greedy answer, overall and by difficulty; `hard` is the upper
 * half of the difficulties (for sorting: 14 to 24 digits).
 */
export async function audit(scope: Scope, iteration: number, solver: CheckpointRecord): Promise<void> {
  const { config, domain } = scope.run;
  const { perDifficulty, samples, draws } = config.audit;
  const set = domain.auditSet(undefined, perDifficulty);
  const tasks = await source(scope, {
    key: "held-out",
    tasks: set.map((item) => ({
      question: item.question,
      truth: { source: "key", answer: item.answer },
      difficulty: item.difficulty,
    })),
  });
  const { maxTokens } = config.solver.sampling;
  const common = { role: "solver" as const, checkpoint: solver, tasks };
  const [answers, greedy] = await Promise.all([
    rolloutAll(scope, { ...common, key: "sampled", n: samples * draws, sampling: { ...sampled, maxTokens } }),
    rolloutAll(scope, { ...common, key: "greedy", n: 1, sampling: { ...sampled, temperature: 0, maxTokens } }),
  ]);
  const correct = (task: TaskRecord, answer: string | null) =>
    answer !== null && task.truth.answer !== null && domain.equal(answer, task.truth.answer);
  const rows = tasks.map((task, i) => {
    const own = answers.slice(i * samples * draws, (i + 1) * samples * draws);
    const majorities = Array.from({ length: draws }, (_, draw) => {
      const { label } = majorityOf(scope.run, own.slice(draw * samples, (draw + 1) * samples), "label");
      return Number(correct(task, label === "" ? null : label));
    });
    return {
      difficulty: task.difficulty ?? 0,
      mean: mean(own.map((answer) => Number(correct(task, answer.product.answer)))) ?? 0,
      majority: mean(majorities) ?? 0,
      greedy: Number(correct(task, (greedy[i] as TrajectoryRecord).product.answer)),
    };
  });
  const difficulties = [...new Set(rows.map((row) => row.difficulty))].sort((a, b) => a - b);
  const hard = rows.filter((row) => difficulties.indexOf(row.difficulty) >= Math.ceil(difficulties.length / 2));
  await metric(scope, {
    name: "audit",
    iteration,
    stage: "audit",
    step: null,
    values: {
      questions: rows.length,
      mean_at_k: mean(rows.map((row) => row.mean)),
      majority_at_k: mean(rows.map((row) => row.majority)),
      greedy: mean(rows.map((row) => row.greedy)),
      hard_mean_at_k: mean(hard.map((row) => row.mean)),
      unanswered_share: share(answers.filter((answer) => answer.product.answer === null).length, answers.length),
      difficulties,
      mean_by_difficulty: difficulties.map((d) => mean(rows.filter((r) => r.difficulty === d).map((r) => r.mean)) ?? 0),
    },
  });
}
