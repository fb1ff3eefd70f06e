import type { AnswerView, QuestionView } from "./questionRows.ts";

type Group = QuestionView["groups"][number];

export interface AnswerClass {
  readonly answer: string | null;
  readonly count: number;
  /** Of the answers of this call, 0 to 1. */
  readonly share: number;
  /** The class of the label. */
  readonly isMajority: boolean;
  readonly answers: readonly AnswerView[];
}

/** Answers that were drawn together: of one stage and step, by one checkpoint. */
export interface AnswerGroup {
  readonly call: string;
  readonly iteration: number;
  readonly stage: string;
  readonly step: number | null;
  readonly checkpoint: string | null;
  readonly count: number;
  readonly truncated: number;
  /** Mean reward of those that have one. */
  readonly reward: number | null;
  readonly tokens: number;
  readonly classes: readonly AnswerClass[];
}

/**
 * A question's answers over time, the earliest first. Chunks of one rollout are calls of their own, but answers of one draw: they
 * are put together, and what is equal in two chunks is one class.
 */
export function answerGroups({ groups }: QuestionView): AnswerGroup[] {
  const draws = Map.groupBy(groups, ({ call }) => drawOf(call));
  return [...draws].map(([call, own]) => groupOf(call, own)).sort(inTime);
}

/** `…/rollout:answers/chunk:0` and `…/chunk:1` are one draw. */
function drawOf(call: string): string {
  return call.replace(/\/chunk:\d+$/, "");
}

function groupOf(call: string, groups: readonly Group[]): AnswerGroup {
  const classes = Map.groupBy(
    groups.flatMap((group) => group.classes),
    ({ answer }) => answer,
  );
  const joined = [...classes].map(([answer, own]) => ({
    answer,
    isMajority: own.some(({ majority }) => majority),
    answers: own.flatMap(({ answers }) => answers),
  }));
  const all = joined.flatMap(({ answers }) => answers);
  const rewards = all.flatMap(({ reward }) => reward ?? []);
  const [first] = all;
  return {
    call,
    iteration: first?.iteration ?? 0,
    stage: first?.stage ?? "",
    step: first?.step ?? null,
    checkpoint: first?.checkpoint ?? null,
    count: all.length,
    truncated: all.filter(({ stop }) => stop === "length").length,
    reward: rewards.length === 0 ? null : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length,
    tokens: all.length === 0 ? 0 : all.reduce((sum, { tokens }) => sum + tokens, 0) / all.length,
    classes: joined
      .map((own) => ({ ...own, count: own.answers.length, share: own.answers.length / Math.max(1, all.length) }))
      .sort((a, b) => Number(a.answer === null) - Number(b.answer === null) || b.count - a.count),
  };
}

function inTime(a: AnswerGroup, b: AnswerGroup): number {
  return a.iteration - b.iteration || stageOrder(a) - stageOrder(b) || (a.step ?? 0) - (b.step ?? 0);
}

/** As R-Zero goes through them; stages of other recipes stand behind, as they come. */
const order = ["challenger", "curriculum", "solver", "audit"];

function stageOrder({ stage }: AnswerGroup): number {
  const at = order.indexOf(stage);
  return at < 0 ? order.length : at;
}
