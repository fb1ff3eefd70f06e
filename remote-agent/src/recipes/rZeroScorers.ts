import type { CheckpointRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";
import { bandDecision } from "../scoring/band.ts";
import { presets } from "../scoring/presets.ts";
import { challengerReward, solverReward, uncertainty } from "../scoring/reward.ts";
import { shareOf, type Vote, vote } from "../scoring/vote.ts";
import { hashOf } from "../verbs/identity.ts";
import type { RunContext } from "../verbs/ports.ts";
import type { ScoreDraft, ScoreSpec } from "../verbs/score.ts";
import type { Asked, Posed } from "./rZero.ts";

/** Reward of a Challenger completion: the Solver's uncertainty less the repetition penalty, 0 when malformed. */
export const challengerScorer = {
  spec: (run: RunContext, asked: Asked[], solver: CheckpointRecord): ScoreSpec => ({
    key: "reward",
    scorer: { name: "solve-rate", version: 1, params: { preset: run.config.preset, m: run.config.challenger.answers } },
    consulted: [solver],
    over: asked.flatMap((item) => [item.proposal.id, ...item.answers.map((answer) => answer.id)]),
  }),

  async compute(run: RunContext, asked: Asked[]): Promise<ScoreDraft[]> {
    const rules = presets[run.config.preset];
    const { penalty, cluster } = await run.repetition(asked.map((item) => item.task?.question ?? ""));
    return asked.map((item, i) => {
      const result = item.task === null ? null : majorityOf(run, item.answers, "reward");
      const repetition = penalty[i] as number;
      return {
        parents: [item.proposal.id, ...(item.task === null ? [] : [item.task.id])],
        value: challengerReward(result?.p ?? null, repetition, rules.reward),
        parts: {
          valid: item.proposal.product.valid,
          votes: result?.p.votes ?? 0,
          denominator: result?.p.denominator ?? 0,
          label: result?.label ?? "",
          uncertainty: result === null ? 0 : uncertainty(result.p),
          penalty: repetition,
          cluster: cluster[i] as number,
        },
      };
    });
  },
};

/** Majority share p̂, pseudo-label and band decision of a question of the curriculum. */
export const labelScorer = {
  spec: (run: RunContext, posed: Posed[], solver: CheckpointRecord): ScoreSpec => ({
    key: "labels",
    scorer: {
      name: "pseudo-label",
      version: 1,
      params: { preset: run.config.preset, m: run.config.curriculum.answers, label: run.config.curriculum.label },
    },
    consulted: [solver],
    over: posed.flatMap((item) => [item.task.id, ...item.answers.map((answer) => answer.id)]),
  }),

  async compute(run: RunContext, posed: Posed[]): Promise<ScoreDraft[]> {
    return posed.map((item) => {
      const question = item.task.question ?? "";
      const result = majorityOf(run, item.answers, "label");
      const decision = run.domain.isHeldOut(question)
        ? { kept: false, reason: "held_out" }
        : bandDecision(question, result, presets[run.config.preset].band);
      const label = labelOf(run, item, result);
      const truth = run.domain.truth(question);
      const usable = decision.kept && label !== null;
      return {
        parents: [item.task.id],
        value: shareOf(result.p),
        parts: {
          votes: result.p.votes,
          denominator: result.p.denominator,
          majority: result.label,
          label: label ?? "",
          kept: usable,
          reason: decision.kept && label === null ? "no_label" : decision.reason,
          correct: truth === null || label === null ? null : run.domain.equal(label, truth),
        },
      };
    });
  },
};

/** Reward of a Solver completion: agreement with the pseudo-label. */
export const solverScorer = {
  spec: (run: RunContext, tasks: TaskRecord[], answers: TrajectoryRecord[]): ScoreSpec => ({
    key: "reward",
    scorer: { name: "agreement", version: 1, params: { preset: run.config.preset, domain: run.domain.name } },
    consulted: [],
    over: [...tasks.map((task) => task.id), ...answers.map((answer) => answer.id)],
  }),

  async compute(run: RunContext, tasks: TaskRecord[], answers: TrajectoryRecord[]): Promise<ScoreDraft[]> {
    const labels = new Map(tasks.map((task) => [task.id, task.truth.answer]));
    return answers.map((answer) => {
      const label = labels.get(answer.parents[0] ?? "") ?? null;
      const given = answer.product.answer;
      const correct = label !== null && given !== null && run.domain.equal(given, label);
      return {
        parents: [answer.id],
        value: solverReward(correct, "", presets[run.config.preset].reward),
        parts: { correct },
      };
    });
  },
};

/** Vote over the extracted answers of one question. */
export function majorityOf(run: RunContext, answers: TrajectoryRecord[], purpose: "reward" | "label"): Vote {
  return vote(
    answers.map((answer) => answer.product.answer),
    presets[run.config.preset].vote[purpose],
    run.domain.equal,
  );
}

/** The label the Solver will be trained on: the majority, or for the controls one random sample or the truth. */
function labelOf(run: RunContext, item: Posed, majority: Vote): string | null {
  switch (run.config.curriculum.label) {
    case "majority":
      return majority.label === "" ? null : majority.label;
    case "truth":
      return run.domain.truth(item.task.question ?? "");
    case "sample": {
      const given = item.answers.flatMap((answer) => answer.product.answer ?? []);
      const pick = Number.parseInt(hashOf(item.task.id).slice(0, 8), 16);
      return given[pick % Math.max(1, given.length)] ?? null;
    }
  }
}
