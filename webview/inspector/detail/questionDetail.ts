import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import { answerGroups } from "../../../remote-agent/src/protocol/answerGroups.ts";
import type { QuestionRow, QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";
import { element } from "../../ui/dom.ts";
import { decimal, percent, whole } from "../format.ts";
import { fate, verdictText } from "../table/columns.ts";
import { appendVisible } from "../text/textView.ts";
import { filled, type Words } from "../words.ts";
import { type AnswersPorts, AnswersView } from "./answersView.ts";
import { facts, section } from "./section.ts";
import { longText } from "./wholeText.ts";

export interface QuestionPorts extends AnswersPorts {
  /** The part in which the question is asked again; none where there is nothing to ask. */
  readonly reask: HTMLElement | null;
  readonly onQuestion: (id: string) => void;
  readonly onCluster: (row: QuestionRow) => void;
}

const PART_CHARS = 200;

/** A question with its group: what was answered and how often, what it earned and why, and who is like it. */
export function questionDetail(view: QuestionView, ports: QuestionPorts): HTMLElement {
  const { words } = ports;
  const { texts } = words;
  const { question } = view;
  const record = question.proposal ?? question.id;
  const groups = answerGroups(view);
  const shown = groups.reduce((sum, { count }) => sum + count, 0);
  return element("div", { class: "question" }, [
    element("div", { class: "question-text" }, [longText(question.text, question.clipped, words, ports.text(record))]),
    questionFacts(question, words),
    section(
      texts.answersHead,
      [
        ...(groups.length === 0
          ? [element("p", { class: "note", text: question.valid ? texts.noAnswers : texts.invalidHint })]
          : [new AnswersView(groups, ports).element]),
        ...(view.moreAnswers > 0
          ? [element("p", { class: "note", text: filled(texts.answersCut, { shown, more: view.moreAnswers }) })]
          : []),
      ],
      "answers-part",
    ),
    ...(ports.reask === null ? [] : [ports.reask]),
    ...(view.scores.length === 0
      ? []
      : [
          section(
            texts.rewardHead,
            view.scores.map((score) => scoreView(score, ports)),
          ),
        ]),
    ...(view.neighbours.length === 0 ? [] : [section(texts.neighbours, [neighboursView(view, ports)])]),
  ]);
}

/** What is known of a question at a glance; another one takes its place when somebody decides on it. */
export function questionFacts(row: QuestionRow, words: Words): HTMLElement {
  const { texts, columnTips } = words;
  const votes = row.share === null ? "–" : `${percent(row.share)} (${whole(row.votes)}/${whole(row.denominator)})`;
  const truth = row.correct === null ? "" : ` (${row.correct ? texts.right : texts.wrong})`;
  return facts([
    [texts.label, row.label === null ? "–" : `${visible(oneLine(row.label, PART_CHARS))}${truth}`],
    [columnTips.share, votes],
    [columnTips.kept, visible(fate(row, texts))],
    [columnTips.reward, decimal(row.reward)],
    [columnTips.difficulty, decimal(row.difficulty, 2)],
    [texts.proposalTokens, whole(row.tokens)],
    [texts.taught, filled(texts.taughtBy, { examples: row.trainedExamples, steps: row.trainedSteps })],
    ...decisionFacts(row, words),
    [texts.proposalTaught, filled(texts.nExamples, { n: row.proposalExamples })],
  ]);
}

function decisionFacts({ decision, ...row }: QuestionRow, words: Words): [string, string][] {
  if (decision === null) return [];
  const { texts } = words;
  const { verdict, label, note, question, by } = decision;
  if (verdict === null && label === null && note === null && question === null) return [];
  const parts = [
    verdictText({ decision, ...row }, texts),
    ...(label === null ? [] : [`${texts.label}: ${oneLine(label, PART_CHARS)}`]),
    ...(question === null ? [] : [texts.edited]),
    ...(note === null ? [] : [oneLine(note, PART_CHARS)]),
    filled(texts.reviewer, { by: oneLine(by, 60) }),
  ];
  return [[texts.review, visible(parts.filter((part) => part !== "").join("; "))]];
}

function scoreView(
  { id, scorer, call, value, parts }: QuestionView["scores"][number],
  ports: QuestionPorts,
): HTMLElement {
  const name = element("button", {
    class: "link",
    text: visible(oneLine(scorer, 60)),
    attributes: { title: visible(call) },
  });
  name.addEventListener("click", () => ports.onRecord(id));
  const head = element("div", { class: "score-head" }, [name, element("strong", { text: decimal(value, 4) })]);
  const list = facts(
    Object.entries(parts).map(([part, own]) => {
      const shown = element("span", { attributes: { dir: "auto" } });
      appendVisible(
        shown,
        oneLine(typeof own === "number" ? String(Number(own.toPrecision(6))) : String(own ?? "–"), PART_CHARS),
        10,
      );
      return [visible(oneLine(part.replaceAll("_", " "), 60)), shown] as const;
    }),
  );
  return element("div", { class: "score" }, [head, list]);
}

function neighboursView({ question, neighbours, moreNeighbours }: QuestionView, ports: QuestionPorts): HTMLElement {
  const { texts } = ports.words;
  const list = element("ul", { class: "neighbours" });
  for (const row of neighbours) {
    const title = element("span", { class: "node-title", attributes: { dir: "auto" } });
    appendVisible(title, oneLine(row.text, PART_CHARS), 10);
    const button = element("button", { class: "node" }, [
      title,
      element("span", { class: "node-figure", text: decimal(row.reward) }),
    ]);
    button.addEventListener("click", () => ports.onQuestion(row.id));
    list.append(element("li", {}, [button]));
  }
  const all = element("button", {
    class: "link",
    text: filled(texts.clusterInTable, { n: neighbours.length + moreNeighbours + 1 }),
  });
  all.addEventListener("click", () => ports.onCluster(question));
  return element("div", {}, [
    element("p", {
      class: "note",
      text: filled(texts.clusterHint, {
        n: question.clusterSize ?? neighbours.length + 1,
        penalty: decimal(question.penalty),
      }),
    }),
    list,
    all,
  ]);
}
