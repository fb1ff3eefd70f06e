import type { AnswerView, QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";

/** A question with its answers, whole texts in place of the beginnings. */
export interface CopiedQuestion {
  readonly view: QuestionView;
  readonly texts: ReadonlyMap<string, string>;
}

/** JSON in which nothing is invisible: controls, formatting characters and lone surrogates are escapes. */
export function questionJson({ view, texts }: CopiedQuestion): string {
  const { question, groups, scores } = view;
  const whole = {
    question: { ...question, text: texts.get(question.id) ?? question.text },
    answers: groups.flatMap(({ call, classes }) =>
      classes.flatMap(({ answer, majority, answers }) =>
        answers.map((own) => ({ ...own, text: texts.get(own.id) ?? own.text, call, class: answer, majority })),
      ),
    ),
    scores,
  };
  return escapedControls(JSON.stringify(whole, null, 2));
}

/**
 * Markdown in which a model's text cannot become markup: it stands in fences that are longer than any in it, and what has to stand in
 * a line is escaped.
 */
export function questionMarkdown({ view, texts }: CopiedQuestion): string {
  const { question, groups, scores, moreAnswers } = view;
  const step = question.step === null ? "" : `, step ${question.step}`;
  const share =
    question.share === null
      ? "–"
      : `${(100 * question.share).toFixed(1)} % (${question.votes}/${question.denominator})`;
  const lines = [
    `## Question ${inline(question.id)}`,
    "",
    fenced(texts.get(question.id) ?? question.text),
    "",
    `* Iteration ${question.iteration}, ${inline(question.stage)}${step}`,
    `* Pseudo-label: ${question.label === null ? "–" : inline(question.label)}; majority share ${share}`,
    `* Curriculum: ${fateOf(question)}; reward ${question.reward ?? "–"}`,
    ...scores.flatMap(({ scorer, value, parts }) => [
      `* Score ${inline(scorer)}: ${value} (${Object.entries(parts)
        .map(([name, part]) => `${inline(name)} ${inline(String(part))}`)
        .join(", ")})`,
    ]),
    ...groups.flatMap(({ call, classes }) => [
      "",
      `### Answers of ${inline(call)}`,
      ...classes.flatMap(({ answer, count, majority, answers }) => [
        "",
        `#### ${count} × ${answer === null ? "no answer" : inline(answer)}${majority ? " (label)" : ""}`,
        ...answers.flatMap((own) => ["", answerLine(own), "", fenced(own.problem ?? texts.get(own.id) ?? own.text)]),
      ]),
    ]),
    ...(moreAnswers > 0 ? ["", `${moreAnswers} more answers are not in this copy.`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function answerLine({ id, tokens, stop, reward }: AnswerView): string {
  return `Answer ${inline(id)}: ${tokens} tokens${stop === "length" ? ", cut off" : ""}${reward === null ? "" : `, reward ${reward}`}`;
}

function fateOf({ valid, reason, kept, band }: QuestionView["question"]): string {
  if (!valid) return `invalid (${inline(reason ?? "?")})`;
  return kept === null ? "–" : kept ? "kept" : `dropped (${inline(band ?? "?")})`;
}

/** A block of code that shows a text as it is; what would not be seen is written out. */
export function fenced(text: string): string {
  let longest = 2;
  for (const [ticks] of text.matchAll(/`+/g)) longest = Math.max(longest, ticks.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${writtenOut(text)}\n${fence}`;
}

/** One line of Markdown that shows a text and is nothing else. */
export function inline(text: string): string {
  return writtenOut(text.replace(/\s+/g, " ")).replace(/[\\`*_{}[\]()<>#+\-.!|~&$:/@]/g, "\\$&");
}

const hidden = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function writtenOut(text: string): string {
  return text.replace(hidden, (character) => `⟨U+${hex(character.codePointAt(0) ?? 0)}⟩`);
}

/** JSON.stringify escapes C0 controls and lone surrogates by itself. The line feeds between its own lines stay. */
function escapedControls(json: string): string {
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character.length === 1 ? unit(character, 0) : unit(character, 0) + unit(character, 1),
  );
}

function unit(character: string, i: number): string {
  return `\\u${hex(character.charCodeAt(i)).toLowerCase()}`;
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
