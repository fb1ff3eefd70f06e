import type { AnswerView, QuestionView } from "../../protocol/questionRows.ts";
import type { ScoreRecord, TrajectoryRecord } from "../../protocol/records.ts";
import { clip } from "./bounded.ts";
import { callPlace } from "./callPlace.ts";
import { IndexError } from "./errors.ts";
import type { Questions } from "./questions.ts";
import type { RecordReader } from "./reader.ts";
import { readTexts } from "./texts.ts";

const RECORDS = 1000;
const ANSWERS = 200;
const ANSWER_CHARS = 4000;
const SCORES = 50;
const NEIGHBOURS = 50;

/** Whether two answers are one answer; by the domain of the run. */
export type Equal = (a: string, b: string) => boolean;

/** One question with everything around it, by the id of its proposal, its task, an answer or a score of it. */
export function questionGroup(
  source: {
    readonly reader: RecordReader;
    readonly questions: Questions;
    readonly runDir: string;
    readonly equal: Equal;
  },
  id: string,
): Omit<QuestionView, "index"> {
  const { reader, questions } = source;
  const found = reader.byId(id);
  if (found.question === null) {
    throw new IndexError(
      "no_question",
      `Record ${id} (${found.record.type}) belongs to no single question. \`rzero lineage\` shows what it is part of.`,
    );
  }
  const question = questions.row(found.question);
  const records = reader.ofQuestion(found.question, RECORDS).map(({ record }) => record);
  const scores = records.filter((record) => record.type === "score");
  const answers = records.filter(
    (record) => record.type === "trajectory" && record.id !== question.proposal,
  ) as TrajectoryRecord[];
  const views = answerViews(source.runDir, answers.slice(0, ANSWERS), scores);
  const around = neighbours(questions, question.batch, question.cluster, found.question);
  return {
    question,
    groups: groupsOf(answers.slice(0, ANSWERS), views, question.label, source.equal),
    moreAnswers: Math.max(0, question.answers - views.length),
    scores: scores
      .filter((score) => score.parents[0] === question.task || score.parents[0] === question.proposal)
      .slice(0, SCORES)
      .map(({ id, call, scorer, value, parts }) => ({
        id,
        call,
        scorer: `${scorer.name}@${scorer.version}`,
        value,
        parts,
      })),
    neighbours: around.slice(0, NEIGHBOURS).map((n) => questions.row(n)),
    moreNeighbours: Math.max(0, around.length - NEIGHBOURS),
  };
}

function answerViews(
  runDir: string,
  answers: readonly TrajectoryRecord[],
  scores: readonly ScoreRecord[],
): AnswerView[] {
  const texts = readTexts(
    runDir,
    answers.map(({ data }) => data),
  );
  const rewards = new Map(scores.filter(({ data }) => data === undefined).map((score) => [score.parents[0], score]));
  return answers.map((answer, i) => {
    const text = texts[i] ?? null;
    const score = rewards.get(answer.id);
    const correct = score?.parts["correct"];
    return {
      id: answer.id,
      ...callPlace(answer.call),
      checkpoint: answer.checkpoint,
      rollout: answer.rollout,
      answer: answer.product.answer === null ? null : clip(answer.product.answer, ANSWER_CHARS).text,
      stop: answer.stop,
      tokens: answer.completionTokens,
      reward: score?.value ?? null,
      correct: typeof correct === "boolean" ? correct : null,
      ...clip(text ?? "", ANSWER_CHARS),
      problem: text === null ? "its text is no longer there: removed by retention, or the pack is damaged" : null,
    };
  });
}

/** By call, then by equality with the first member of a class; the largest class first, no answer last. */
function groupsOf(
  answers: readonly TrajectoryRecord[],
  views: readonly AnswerView[],
  label: string | null,
  equal: Equal,
): QuestionView["groups"] {
  const calls = Map.groupBy(views.keys(), (i) => answers[i]?.call ?? "");
  return [...calls].map(([call, members]) => {
    const classes: QuestionView["groups"][number]["classes"] = [];
    for (const i of members) {
      const view = views[i] as AnswerView;
      const { answer } = view;
      const joined = classes.find((known) =>
        answer === null || known.answer === null
          ? known.answer === answer
          : known.answer === answer || equal(known.answer, answer),
      );
      if (joined === undefined) {
        const majority = answer !== null && label !== null && (answer === label || equal(answer, label));
        classes.push({ answer, count: 1, majority, answers: [view] });
      } else {
        joined.count += 1;
        joined.answers.push(view);
      }
    }
    classes.sort((a, b) => Number(a.answer === null) - Number(b.answer === null) || b.count - a.count);
    return { call, classes };
  });
}

function neighbours(questions: Questions, batch: number | null, cluster: number | null, n: number): number[] {
  if (batch === null || cluster === null) return [];
  return Array.from(questions.selection({ cluster: { batch, cluster } }), (i) => i + 1).filter((other) => other !== n);
}
