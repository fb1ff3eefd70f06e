import type { QuestionFilter, QuestionSort } from "../../../../remote-agent/src/protocol/questionQuery.ts";
import type {
  CheckpointRecord,
  ExampleRecord,
  ScoreRecord,
  TaskRecord,
  TrajectoryRecord,
} from "../../../../remote-agent/src/protocol/records.ts";
import { PackReader } from "../../../../remote-agent/src/run/journal/packReader.ts";
import { readJournal } from "../../../../remote-agent/src/run/journal/read.ts";
import type { JournalRecord } from "../../../../remote-agent/src/run/journal/record.ts";

/** A question as a reader with time would put it together from the records of a finished run. */
export interface NaiveQuestion {
  [property: string]: unknown;
  id: string;
  text: string;
  words: string;
  /** Calls in which it was posed and answered. */
  rollouts: string[];
}

/** Not how the index does it: all records in memory, looked through again and again. */
export async function naiveQuestions(runDir: string): Promise<NaiveQuestion[]> {
  const records: JournalRecord[] = [];
  for await (const { record } of readJournal(runDir)) records.push(record);
  const of = <T>(type: string) =>
    records.filter((record) => record.type === type) as unknown as (T & { seq: number })[];
  const tasks = of<TaskRecord>("task");
  const trajectories = of<TrajectoryRecord>("trajectory");
  const scores = of<ScoreRecord>("score");
  const examples = of<ExampleRecord>("example");
  const checkpoints = of<CheckpointRecord>("checkpoint");
  const calls = of<{ key: string }>("call");
  const packs = new PackReader(runDir);
  const textOf = async (item: TrajectoryRecord) => (await packs.read(item.data)).text ?? "";
  const slots = new Set(tasks.filter(({ question }) => question === null).map(({ id }) => id));
  const questions: NaiveQuestion[] = [];
  for (const proposal of trajectories.filter(({ parents }) => slots.has(parents[0] ?? ""))) {
    const completion = await textOf(proposal);
    const own = tasks.filter(({ proposedBy }) => proposedBy === proposal.id);
    const ids = new Set(own.map(({ id }) => id));
    const answers = trajectories.filter(({ parents }) => ids.has(parents[0] ?? ""));
    const reward = scores.find(({ parents }) => parents[0] === proposal.id);
    const label = scores.find(({ parents }) => ids.has(parents[0] ?? ""));
    const vote = own.length === 0 ? undefined : (label ?? reward);
    const trained = examples.filter(({ parents }) => ids.has(parents[0] ?? ""));
    const trainedIds = new Set(trained.map(({ id }) => id));
    const [place, step] = [/iteration:(\d+)\/(\w+)/.exec(proposal.call), /step:(\d+)/.exec(proposal.call)];
    const cluster = reward?.parts["cluster"];
    const siblings = scores.filter(({ call, parts }) => call === reward?.call && parts["cluster"] === cluster);
    const [votes, denominator] = [vote?.parts["votes"], vote?.parts["denominator"]];
    questions.push({
      id: proposal.id,
      proposal: proposal.id,
      task: own[0]?.id ?? null,
      iteration: Number(place?.[1]),
      stage: place?.[2],
      step: step === null ? null : Number(step[1]),
      text: proposal.product.question ?? completion,
      words: [proposal.product.question ?? completion, ...(await Promise.all(answers.map(textOf)))].join(" \u0001 "),
      rollouts: [proposal, ...answers].map(({ call }) => call),
      valid: proposal.product.valid,
      reason: proposal.product.reason,
      label: (vote?.parts["label"] as string) || null,
      share: typeof votes === "number" ? votes / Number(denominator) : null,
      votes: votes ?? null,
      denominator: denominator ?? null,
      kept: label?.parts["kept"] ?? null,
      band: label?.parts["reason"] ?? null,
      correct: label?.parts["correct"] ?? null,
      difficulty: own[0]?.difficulty ?? null,
      reward: reward?.value ?? null,
      uncertainty: own.length === 0 ? null : (reward?.parts["uncertainty"] ?? null),
      penalty: reward?.parts["penalty"] ?? null,
      batch: reward === undefined ? null : calls.find(({ key }) => key === reward.call)?.seq,
      cluster: cluster ?? null,
      clusterSize: reward === undefined ? null : siblings.length,
      answers: answers.length,
      truncated: answers.filter(({ stop }) => stop === "length").length,
      tokens: proposal.completionTokens,
      trainedExamples: trained.length,
      trainedSteps: checkpoints.filter(({ parents }) => parents.some((id) => trainedIds.has(id))).length,
      decision: null,
      proposalExamples: examples.filter(({ members }) => members.includes(proposal.id)).length,
    });
  }
  await packs.close();
  return questions;
}

type Range = { min?: number | undefined; max?: number | undefined };

/** Filter, stable sort and count, as an array would do it. */
export function naiveResult(
  all: readonly NaiveQuestion[],
  filter: QuestionFilter,
  sort: QuestionSort,
): NaiveQuestion[] {
  const within = (value: unknown, range: Range | undefined) =>
    range === undefined ||
    (typeof value === "number" && value >= (range.min ?? -Infinity) && value <= (range.max ?? Infinity));
  const among = (value: unknown, list: readonly unknown[] | undefined) => list === undefined || list.includes(value);
  const rolled =
    ({ iteration, stage, step }: NonNullable<QuestionFilter["rolled"]>) =>
    (call: string) =>
      call.startsWith(`iteration:${iteration}/${stage}/${step === undefined ? "" : `step:${step}/`}`);
  const chosen = all
    .slice(0, filter.first)
    .filter(
      (q) =>
        (filter.rolled === undefined || q.rollouts.some(rolled(filter.rolled))) &&
        among(q["iteration"], filter.iteration) &&
        among(q["stage"], filter.stage) &&
        among(q["reason"], filter.reason) &&
        among(q["band"], filter.band) &&
        (["valid", "kept", "correct"] as const).every(
          (name) => filter[name] === undefined || q[name] === filter[name],
        ) &&
        (["step", "share", "difficulty", "reward", "uncertainty", "penalty", "answers", "trainedSteps"] as const).every(
          (name) => within(q[name], filter[name]),
        ) &&
        (filter.label === undefined || q["label"] === filter.label) &&
        (filter.trained === undefined || Number(q["trainedExamples"]) > 0 === filter.trained) &&
        (filter.cluster === undefined ||
          (q["batch"] === filter.cluster.batch && q["cluster"] === filter.cluster.cluster)) &&
        (filter.text === undefined || hasWords(q.words, filter.text)),
    );
  if (sort.by === "order") return sort.descending ? chosen.toReversed() : chosen;
  const key = (q: NaiveQuestion) => (sort.by === "text" ? [...q.text].slice(0, 32).join("") : q[sort.by]);
  return chosen.toSorted((a, b) => compare(key(a), key(b), sort.descending));
}

function compare(a: unknown, b: unknown, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === "string" && typeof b === "string"
      ? Buffer.compare(Buffer.from(a), Buffer.from(b))
      : Number(a) - Number(b);
  return descending ? -order : order;
}

function hasWords(text: string, typed: string): boolean {
  const tokens = (s: string) =>
    s
      .toLowerCase()
      .match(/[\u4e00-\u9fff]|[a-z0-9]+/g)
      ?.join(" ") ?? "";
  const parts = text.split("\u0001").map((part) => ` ${tokens(part)} `);
  return typed.split(/\s+/).every((word) => parts.some((part) => part.includes(` ${tokens(word)} `)));
}
