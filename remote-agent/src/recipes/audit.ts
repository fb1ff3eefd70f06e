import type { CheckpointRecord, MetricRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";
import { metric } from "../verbs/metric.ts";
import type { RunContext } from "../verbs/ports.ts";
import { rolloutAll } from "../verbs/rollout.ts";
import type { Scope } from "../verbs/scope.ts";
import { source } from "../verbs/source.ts";
import { mean, share } from "./rZeroMetrics.ts";
import { agreements, majoritiesOf } from "./rZeroScorers.ts";

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
  await metric(scope, {
    name: "audit",
    iteration,
    stage: "audit",
    step: null,
    values: async () => auditValues(await graded(scope.run, tasks, answers, greedy), answers),
  });
}

/** What a held-out question came to: shares of right answers in [0, 1]. */
interface Row {
  difficulty: number;
  mean: number;
  majority: number;
  greedy: number;
}

async function graded(
  run: RunContext,
  tasks: TaskRecord[],
  answers: TrajectoryRecord[],
  greedy: TrajectoryRecord[],
): Promise<Row[]> {
  const { samples, draws } = run.config.audit;
  const ballots = Array.from({ length: tasks.length * draws }, (_, i) => answers.slice(i * samples, (i + 1) * samples));
  const votes = await majoritiesOf(run, ballots, "label");
  const truthOf = (i: number) => (tasks[i] as TaskRecord).truth.answer;
  const rightSamples = await agreements(
    run,
    answers.map((answer, i) => [answer.product.answer, truthOf(Math.floor(i / (samples * draws)))]),
  );
  const rightMajorities = await agreements(
    run,
    votes.map(({ label }, i) => [label === "" ? null : label, truthOf(Math.floor(i / draws))]),
  );
  const rightGreedy = await agreements(
    run,
    greedy.map((answer, i) => [answer.product.answer, truthOf(i)]),
  );
  const rightShare = (verdicts: (boolean | null)[], i: number, count: number) =>
    mean(verdicts.slice(i * count, (i + 1) * count).map((right) => Number(right === true))) ?? 0;
  return tasks.map((task, i) => ({
    difficulty: task.difficulty ?? 0,
    mean: rightShare(rightSamples, i, samples * draws),
    majority: rightShare(rightMajorities, i, draws),
    greedy: rightShare(rightGreedy, i, 1),
  }));
}

function auditValues(rows: Row[], answers: TrajectoryRecord[]): MetricRecord["values"] {
  const difficulties = [...new Set(rows.map((row) => row.difficulty))].sort((a, b) => a - b);
  const hard = rows.filter((row) => difficulties.indexOf(row.difficulty) >= Math.ceil(difficulties.length / 2));
  return {
    questions: rows.length,
    mean_at_k: mean(rows.map((row) => row.mean)),
    majority_at_k: mean(rows.map((row) => row.majority)),
    greedy: mean(rows.map((row) => row.greedy)),
    hard_mean_at_k: mean(hard.map((row) => row.mean)),
    unanswered_share: share(answers.filter((answer) => answer.product.answer === null).length, answers.length),
    difficulties,
    mean_by_difficulty: difficulties.map((d) => mean(rows.filter((r) => r.difficulty === d).map((r) => r.mean)) ?? 0),
  };
}
