import { answerGroups } from "../../remote-agent/src/protocol/answerGroups.ts";
import type { QuestionPage, QuestionRow, QuestionView } from "../../remote-agent/src/protocol/questionRows.ts";
import { cut, readNote, type ToolAnswer } from "./answerText.ts";

const TEXT_CHARS = 400;
const LABEL_CHARS = 120;
const WHOLE_CHARS = 3500;
const ANSWER_CHARS = 1500;
const PART_CHARS = 160;

/** A page of questions. */
export function questionsAnswer({ rows, at, total, index }: QuestionPage): ToolAnswer {
  return {
    intro: `Questions of the run that fit, in the order asked for.${readNote(index, "The run is still being read: there may be more.")}`,
    rows: rows.map((row) => questionRow(row, TEXT_CHARS)),
    at,
    total,
    more: (next) => `Ask again with at: ${next}, or filter more narrowly.`,
  };
}

/** One question: facts, its answers in classes, its rewards, and texts of answers from number `from` on. */
export function questionAnswer(view: QuestionView, answers: number, from: number): ToolAnswer {
  const groups = answerGroups(view);
  const drawn = groups.flatMap(({ iteration, stage, step, classes }) =>
    classes.flatMap((own) =>
      own.answers.map((answer) => ({ iteration, stage, step, majority: own.isMajority, answer })),
    ),
  );
  const chosen = drawn.slice(from, from + answers);
  const rows = [
    { kind: "question", ...questionRow(view.question, WHOLE_CHARS) },
    ...groups.map(({ iteration, stage, step, count, classes }) => ({
      kind: "draw",
      iteration,
      stage,
      step,
      answers: count,
      classes: classes.map((own) => ({
        answer: own.answer === null ? "(no answer)" : cut(own.answer, LABEL_CHARS),
        count: own.count,
        majority: own.isMajority || null,
      })),
    })),
    ...view.scores.map(({ scorer, value, parts }) => ({
      kind: "score",
      scorer: cut(scorer, LABEL_CHARS),
      value,
      parts: Object.fromEntries(
        Object.entries(parts).map(([part, own]) => [
          cut(part, 60),
          typeof own === "string" ? cut(own, PART_CHARS) : own,
        ]),
      ),
    })),
    ...chosen.map(({ iteration, stage, step, majority, answer }) => ({
      kind: "answer",
      iteration,
      stage,
      step,
      answer: answer.answer === null ? null : cut(answer.answer, LABEL_CHARS),
      majority: majority || null,
      tokens: answer.tokens,
      stop: answer.stop,
      reward: answer.reward,
      text: answer.problem ?? cut(answer.text, ANSWER_CHARS),
    })),
  ];
  const end = from + chosen.length;
  const left = drawn.length + view.moreAnswers - end;
  return {
    intro: `One question of the run. Texts of answers ${chosen.length === 0 ? "are not among it" : `${from} to ${end - 1}`} of ${drawn.length + view.moreAnswers}${left > 0 ? `; ask again with at: ${end} for others` : ""}.`,
    rows,
    at: 0,
    total: rows.length,
    more: () => "Ask for fewer answers at once.",
  };
}

function questionRow(row: QuestionRow, chars: number) {
  const {
    id,
    iteration,
    stage,
    step,
    valid,
    reason,
    label,
    share,
    votes,
    denominator,
    kept,
    band,
    correct,
    difficulty,
  } = row;
  const { reward, answers, trainedExamples, decision } = row;
  return {
    id,
    iteration,
    stage,
    step,
    text: cut(row.text, chars),
    valid: valid ? null : false,
    reason,
    label: label === null ? null : cut(label, LABEL_CHARS),
    share,
    votes: votes === null ? null : `${votes} of ${denominator ?? "?"}`,
    kept,
    dropped: kept === false ? band : null,
    labelIsRight: correct,
    difficulty,
    reward,
    answers,
    trainedExamples,
    verdict: decision?.verdict ?? null,
    correctedLabel: decision?.label == null ? null : cut(decision.label, LABEL_CHARS),
    note: decision?.note == null ? null : cut(decision.note, TEXT_CHARS),
  };
}
