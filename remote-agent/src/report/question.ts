import { oneLine } from "../modelText/visible.ts";
import { type AnswerClass, type AnswerGroup, answerGroups } from "../protocol/answerGroups.ts";
import { formatNumber } from "../protocol/figures.ts";
import type { AnswerView, QuestionRow, QuestionView } from "../protocol/questionRows.ts";
import type { ReportQuestion } from "./content.ts";
import { type Html, html } from "./html.ts";
import { ModelTextWriter } from "./modelText.ts";

/** Answers of a question whose texts a report has, and how much of each; the run itself has all. */
const ANSWERS = 24;
const ANSWER_CHARS = 2000;
const LABEL_CHARS = 200;
const PART_CHARS = 200;

/** A question with its answers in classes, what it earned, where it comes from, and what was decided on it. */
export function questionArticle({ view, lineage }: ReportQuestion, number: number): Html {
  const { question } = view;
  const texts = new ModelTextWriter();
  const id = `q-${question.id}`;
  return html`<article class="question" id="${id}" aria-labelledby="${id}-head"><h4 id="${id}-head">Question ${number} <span class="id">${question.id}</span></h4>
${texts.block(question.text, question.clipped)}
<dl class="facts">${facts(question, texts).map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>
${answers(view, texts)}${rewards(view, texts)}${lineage.length === 0 ? null : html`<h5>Where it comes from and where it went</h5><ul>${lineage.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}</article>
`;
}

function facts(row: QuestionRow, texts: ModelTextWriter): [string, Html | string][] {
  const { iteration, stage, step, share, votes, denominator, correct, difficulty, reward, label } = row;
  const truth = correct === null ? "" : correct ? " (right)" : " (wrong)";
  return [
    ["asked in", `iteration ${iteration}, ${stage}${step === null ? "" : `, step ${step}`}`],
    ["pseudo-label", label === null ? "–" : html`${texts.inline(oneLine(label, LABEL_CHARS))}${truth}`],
    ["majority share p̂", share === null ? "–" : `${percent(share)} (${votes ?? "–"} of ${denominator ?? "–"} votes)`],
    ["curriculum", fate(row)],
    ["reward", reward === null ? "–" : formatNumber(reward)],
    ["difficulty", difficulty === null ? "–" : formatNumber(difficulty)],
    ["taught", `${row.trainedExamples} examples in ${row.trainedSteps} optimiser steps`],
    ...decision(row, texts),
  ];
}

function fate({ valid, reason, kept, band }: QuestionRow): string {
  if (!valid) return `not valid: ${reason ?? "?"}`;
  if (kept === null) return "not asked for it";
  return kept ? "kept" : `dropped: ${(band ?? "?").replaceAll("_", " ")}`;
}

function decision({ decision: made }: QuestionRow, texts: ModelTextWriter): [string, Html][] {
  if (made === null) return [];
  const { verdict, label, question, note, by } = made;
  if (verdict === null && label === null && question === null && note === null) return [];
  const said = verdict === null ? "no verdict" : { approve: "approved", reject: "rejected" }[verdict];
  return [
    ["review", html`${said}, by ${by}`],
    ...(label === null ? [] : [["corrected label", texts.inline(label)] as [string, Html]]),
    ...(question === null ? [] : [["edited question", texts.block(question)] as [string, Html]]),
    ...(note === null ? [] : [["note", texts.inline(note)] as [string, Html]]),
  ];
}

function answers(view: QuestionView, texts: ModelTextWriter): Html | null {
  const groups = answerGroups(view);
  if (groups.length === 0) return null;
  let left = ANSWERS;
  const drawn = groups.map((group) => {
    const classes = group.classes.map((own) => {
      const shown = own.answers.slice(0, left);
      left -= shown.length;
      return answerClass(own, shown, texts);
    });
    return html`<section class="draw"><h5>${drawTitle(group)}</h5>${classes}</section>`;
  });
  const all = groups.reduce((sum, { count }) => sum + count, 0) + view.moreAnswers;
  const shown = ANSWERS - left;
  return html`${drawn}${shown < all ? html`<p class="note">${`The texts of ${shown} of ${all} answers are here.`}</p>` : null}`;
}

function drawTitle({ iteration, stage, step, count, tokens, truncated }: AnswerGroup): string {
  const where = `iteration ${iteration}, ${stage}${step === null ? "" : `, step ${step}`}`;
  const cut = truncated === 0 ? "" : `, ${truncated} cut off at the limit`;
  return `${count} ${count === 1 ? "answer" : "answers"} in ${where}: ${formatNumber(tokens)} tokens on the mean${cut}`;
}

function answerClass(own: AnswerClass, shown: readonly AnswerView[], texts: ModelTextWriter): Html {
  const name = own.answer === null ? html`no answer` : texts.inline(oneLine(own.answer, LABEL_CHARS));
  const mark = own.isMajority ? html` <strong class="majority">majority</strong>` : null;
  const head = html`<span class="votes">${own.count} × </span>${name}${mark} <span class="share">${percent(own.share)}</span>`;
  if (shown.length === 0) return html`<p class="class">${head}</p>`;
  return html`<details class="class"><summary>${head}</summary>${shown.map((answer) => answerText(answer, texts))}</details>`;
}

function answerText({ text, clipped, tokens, stop, reward, problem }: AnswerView, texts: ModelTextWriter): Html {
  const facts = [
    `${tokens} tokens`,
    ...(stop === "length" ? ["cut off at the limit"] : []),
    ...(reward === null ? [] : [`reward ${formatNumber(reward)}`]),
  ];
  const body =
    problem === null
      ? texts.block(text.slice(0, ANSWER_CHARS), clipped || text.length > ANSWER_CHARS)
      : html`<p class="note">${problem}</p>`;
  return html`<div class="answer"><p class="note">${facts.join(", ")}</p>${body}</div>`;
}

function rewards({ scores }: QuestionView, texts: ModelTextWriter): Html | null {
  if (scores.length === 0) return null;
  const lists = scores.map(({ scorer, value, parts }) => {
    const entries = Object.entries(parts).map(
      ([part, own]) =>
        html`<div><dt>${oneLine(part.replaceAll("_", " "), 60)}</dt><dd>${
          typeof own === "number" ? formatNumber(own) : texts.inline(oneLine(String(own ?? "–"), PART_CHARS))
        }</dd></div>`,
    );
    return html`<p class="score">${oneLine(scorer, 60)}: <strong>${formatNumber(value)}</strong></p><dl class="facts">${entries}</dl>`;
  });
  return html`<h5>Reward and label, in their parts</h5>${lists}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
