import type { CheckpointRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";
import { bandDecision } from "../scoring/band.ts";
import { presets } from "../scoring/presets.ts";
import { challengerReward, hasThinkingFormat, solverReward, unaskedLabel, uncertainty } from "../scoring/reward.ts";
import { shareOf, type Vote } from "../scoring/vote.ts";
import { equalAll, type QuickEquality, voteAll } from "../scoring/voteAll.ts";
import { hashOf } from "../verbs/identity.ts";
import type { RunContext } from "../verbs/ports.ts";
import type { ScoreDraft, ScoreSpec } from "../verbs/score.ts";
import type { Labelled } from "./earlyStop.ts";
import type { Asked } from "./rZero.ts";

/** A question with the answers that label it. */
type Posed = Labelled & { task: TaskRecord };

/** Reward of a Challenger completion: the Solver's uncertainty less the repetition penalty, 0 when malformed. */
export const challengerScorer = {
  key: "reward",

  spec: (run: RunContext, asked: Asked[], solver: CheckpointRecord): ScoreSpec => ({
    key: challengerScorer.key,
    scorer: { name: "solve-rate", version: 1, params: { preset: run.config.preset, m: run.config.challenger.answers } },
    consulted: [solver],
    over: asked.flatMap((item) => [item.proposal.id, ...item.answers.map((answer) => answer.id)]),
  }),

  /** `penalties`: the repetition penalties of `asked`, when they were begun before. */
  async compute(
    run: RunContext,
    asked: Asked[],
    penalties = run.repetition(asked.map((item) => item.task?.question ?? "")),
  ): Promise<ScoreDraft[]> {
    const rules = presets[run.config.preset];
    const { penalty, cluster } = await penalties;
    const votes = await majoritiesOf(
      run,
      asked.map((item) => item.answers),
      "reward",
    );
    return asked.map((item, i) => {
      const result = item.task === null ? null : (votes[i] as Vote);
      const repetition = penalty[i] as number;
      return {
        parents: [item.proposal.id, ...(item.task === null ? [] : [item.task.id])],
        value: challengerReward(result?.p ?? null, repetition, rules.reward),
        parts: {
          valid: item.proposal.product.valid,
          votes: result?.p.votes ?? 0,
          denominator: result?.p.denominator ?? 0,
          label: result?.label ?? unaskedLabel(item.proposal.product.answer, rules.reward),
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
    over: posed.flatMap((item) => [
      item.task.id,
      ...item.answers.map((answer) => answer.id),
      ...(item.settled === null ? [] : [item.settled.id]),
    ]),
  }),

  async compute(run: RunContext, posed: Posed[]): Promise<ScoreDraft[]> {
    const votes = await labellingVotes(run, posed);
    const labels = posed.map((item, i) => labelOf(run, item, votes[i] as LabellingVote));
    const right = await agreements(
      run,
      posed.map((item, i) => [labels[i] ?? null, run.domain.truth(item.task.question ?? "")]),
    );
    return posed.map((item, i) => {
      const result = votes[i] as LabellingVote;
      const { decision, bounds } = result;
      const label = labels[i] ?? null;
      const usable = decision.kept && label !== null;
      return {
        parents: [item.task.id, ...(item.settled === null ? [] : [item.settled.id])],
        value: shareOf(result.p),
        parts: {
          votes: result.p.votes,
          denominator: result.p.denominator,
          ...(bounds === null ? null : { stopped_early: true, ...bounds }),
          majority: result.label,
          label: label ?? "",
          kept: usable,
          reason: decision.kept && label === null ? "no_label" : decision.reason,
          correct: right[i] ?? null,
        },
      };
    });
  },
};

/** Reward of a Solver completion: agreement with the pseudo-label, and where the preset pays for it, the format of the raw text. */
export const solverScorer = {
  spec: (run: RunContext, tasks: TaskRecord[], answers: TrajectoryRecord[]): ScoreSpec => ({
    key: "reward",
    scorer: { name: "agreement", version: 1, params: { preset: run.config.preset, domain: run.domain.name } },
    consulted: [],
    over: [...tasks.map((task) => task.id), ...answers.map((answer) => answer.id)],
  }),

  async compute(run: RunContext, tasks: TaskRecord[], answers: TrajectoryRecord[]): Promise<ScoreDraft[]> {
    const labels = new Map(tasks.map((task) => [task.id, task.truth.answer]));
    const agreed = await agreements(
      run,
      answers.map((answer) => [answer.product.answer, labels.get(answer.parents[0] ?? "") ?? null]),
    );
    const rules = presets[run.config.preset].reward;
    const texts = rules.formatWeight === 0 ? null : await textsOf(run, answers);
    return answers.map((answer, i) => {
      const correct = agreed[i] === true;
      const text = texts?.[i] ?? "";
      return {
        parents: [answer.id],
        value: solverReward(correct, text, rules),
        parts: { correct, ...(texts === null ? null : { format: hasThinkingFormat(text) }) },
      };
    });
  },
};

/** A question's vote and what the band makes of it. */
interface LabellingVote extends Pick<Vote, "p" | "label"> {
  decision: { kept: boolean; reason: string };
  /** Where labelling stopped early: between what p̂ of all answers would lie; `p` is that of the answers drawn. */
  bounds: { p_low: number; p_high: number } | null;
}

/** The votes on questions; what was settled before all answers were drawn is as it was recorded then. */
async function labellingVotes(run: RunContext, posed: Posed[]): Promise<LabellingVote[]> {
  const whole = posed.filter((item) => item.settled === null);
  const votes = await majoritiesOf(
    run,
    whole.map((item) => item.answers),
    "label",
  );
  const voteOf = new Map(whole.map((item, i) => [item, votes[i] as Vote]));
  return posed.map((item) => {
    const { p, label } = voteOf.get(item) ?? { p: { votes: 0, denominator: 0 }, label: "" };
    if (item.settled === null) return { p, label, decision: decisionOn(run, item.task, { p, label }), bounds: null };
    const { votes, denominator, majority, kept, reason, p_low, p_high } = item.settled.parts;
    return {
      p: { votes: Number(votes), denominator: Number(denominator) },
      label: String(majority),
      decision: { kept: kept === true, reason: String(reason) },
      bounds: { p_low: Number(p_low), p_high: Number(p_high) },
    };
  });
}

/** Whether a question with this share and label enters the curriculum; what is held out for the audit never does. */
export function decisionOn(
  { domain, config }: RunContext,
  task: TaskRecord,
  outcome: Pick<Vote, "p" | "label">,
): { kept: boolean; reason: string } {
  const question = task.question ?? "";
  if (domain.isHeldOut(question)) return { kept: false, reason: "held_out" };
  return bandDecision(question, outcome, presets[config.preset].band);
}

/** Votes over the extracted answers of many questions. */
export function majoritiesOf(
  run: RunContext,
  questions: TrajectoryRecord[][],
  purpose: "reward" | "label",
): Promise<Vote[]> {
  const extracted = questions.map((answers) => answers.map((answer) => answer.product.answer));
  return voteAll(extracted, presets[run.config.preset].vote[purpose], quick(run), run.grade);
}

/** Whether each pair of answers agrees; null where one of the two is missing. */
export async function agreements(
  run: RunContext,
  pairs: (readonly [string | null, string | null])[],
): Promise<(boolean | null)[]> {
  const whole = pairs.flatMap(([a, b]) => (a === null || b === null ? [] : [[a, b] as const]));
  const verdicts = (await equalAll(whole, quick(run), run.grade)).values();
  return pairs.map(([a, b]) => (a === null || b === null ? null : verdicts.next().value === true));
}

/** Completions as they were decoded, without the end-of-text token. */
function textsOf({ packs }: RunContext, answers: TrajectoryRecord[]): Promise<string[]> {
  return Promise.all(answers.map(async (answer) => (await packs.read(answer.data)).text ?? ""));
}

function quick({ domain, config }: RunContext): QuickEquality {
  const rules = presets[config.preset].grade;
  return (a, b) => domain.equal(a, b, rules);
}

/** The label the Solver will be trained on: the majority, or for the controls one random sample or the truth. */
function labelOf(run: RunContext, item: Posed, majority: Pick<Vote, "label">): string | null {
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
