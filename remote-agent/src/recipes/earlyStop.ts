import type { RunConfig } from "../protocol/config.ts";
import type { CheckpointRecord, ScoreRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";
import { settledDecision, shareBounds, waves } from "../scoring/earlyStop.ts";
import { presets, type VoteRules } from "../scoring/presets.ts";
import { shareOf, type Vote } from "../scoring/vote.ts";
import type { RunContext } from "../verbs/ports.ts";
import { rolloutAll } from "../verbs/rollout.ts";
import type { Scope } from "../verbs/scope.ts";
import { type ScoreDraft, type ScoreSpec, score } from "../verbs/score.ts";
import { decisionOn, majoritiesOf } from "./rZeroScorers.ts";

/** Whether labelling draws answers in waves: one random answer as the label is only known when all are there. */
export function stopsEarly({ curriculum }: RunConfig): boolean {
  return curriculum.earlyStop && curriculum.label !== "sample" && waves(curriculum.answers).length > 1;
}

/** A question's answers, as many as its decision and label needed. */
export interface Labelled {
  answers: TrajectoryRecord[];
  /** Why no more were drawn; null when all were. */
  settled: ScoreRecord | null;
}

/**
 * Draws the answers of questions in waves; what is settled gets no more of them. What is settled is recorded: a replay draws
 * the same answers, whatever a grader would say today. One entry a task, in order.
 */
export async function answersInWaves(
  scope: Scope,
  { key, tasks, solver }: { key: string; tasks: TaskRecord[]; solver: CheckpointRecord },
): Promise<Labelled[]> {
  const { config } = scope.run;
  const all = tasks.map((task) => ({ task, answers: [] as TrajectoryRecord[], settled: null as ScoreRecord | null }));
  let open = all;
  let drawn = 0;
  for (const [index, n] of waves(config.curriculum.answers).entries()) {
    if (open.length === 0) break;
    const wave = `${key}:wave:${index + 1}`;
    const answers = await rolloutAll(scope, {
      key: wave,
      role: "solver",
      checkpoint: solver,
      tasks: open.map(({ task }) => task),
      n,
      first: drawn,
      sampling: config.solver.answerSampling,
    });
    for (const [i, item] of open.entries()) item.answers.push(...answers.slice(i * n, (i + 1) * n));
    drawn += n;
    if (drawn === config.curriculum.answers) break;
    const checked = open;
    const scores = await score(scope, settledScorer.spec(scope.run, wave, checked, solver), () =>
      settledScorer.compute(scope.run, checked),
    );
    for (const [i, item] of open.entries()) if (scores[i]?.parts["settled"] === true) item.settled = scores[i];
    open = open.filter((item) => item.settled === null);
  }
  return all.map(({ answers, settled }) => ({ answers, settled }));
}

/** Between what p̂ of all answers lies, as the records name it. */
function bounds({ p }: Vote, left: number, rules: VoteRules): { p_low: number; p_high: number } {
  const { low, high } = shareBounds(p, left, rules);
  return { p_low: low, p_high: high };
}

type Checked = { task: TaskRecord; answers: TrajectoryRecord[] };

/** Whether decision and label of a question can still change; the value is p̂ of the answers drawn so far. */
const settledScorer = {
  spec: (run: RunContext, key: string, items: Checked[], solver: CheckpointRecord): ScoreSpec => ({
    key,
    scorer: {
      name: "settled",
      version: 1,
      params: { preset: run.config.preset, m: run.config.curriculum.answers },
    },
    consulted: [solver],
    over: items.flatMap(({ task, answers }) => [task.id, ...answers.map((answer) => answer.id)]),
  }),

  async compute(run: RunContext, items: Checked[]): Promise<ScoreDraft[]> {
    const rules = presets[run.config.preset].vote.label;
    const votes = await majoritiesOf(
      run,
      items.map(({ answers }) => answers),
      "label",
    );
    return items.map(({ task, answers }, i) => {
      const result = votes[i] as Vote;
      const left = run.config.curriculum.answers - answers.length;
      const decision = settledDecision(result, left, rules, (outcome) => decisionOn(run, task, outcome));
      return {
        parents: [task.id],
        value: shareOf(result.p),
        parts: {
          settled: decision !== null,
          answers: answers.length,
          votes: result.p.votes,
          denominator: result.p.denominator,
          majority: result.label,
          ...(decision === null
            ? null
            : { kept: decision.kept, reason: decision.reason, ...bounds(result, left, rules) }),
        },
      };
    });
  },
};
