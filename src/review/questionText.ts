import type { QuestionView } from "../../remote-agent/src/protocol/questionRows.ts";
import { visibleLine, visibleText } from "./visibleText.ts";

export interface QuestionWords {
  readonly label: string;
  readonly noAnswer: string;
  readonly majority: string;
  readonly cut: string;
  readonly more: (count: number) => string;
}

/** A question with its answers in classes, to be read in an editor. What models wrote is indented and made visible. */
export function questionText(view: QuestionView, words: QuestionWords): string {
  const { question } = view;
  const lines = [...indented(question.text), ...(question.clipped ? [`    ${words.cut}`] : []), ""];
  lines.push(`${words.label}: ${visibleLine(question.label ?? "–")}`);
  for (const group of view.groups) {
    lines.push("", `── ${visibleLine(group.call)}`);
    for (const { answer, count, majority, answers } of group.classes) {
      const mark = majority ? `  ← ${words.majority}` : "";
      lines.push(`${count} × ${answer === null ? words.noAnswer : visibleLine(answer)}${mark}`);
      for (const { text, clipped, problem } of answers) {
        lines.push(...indented(problem ?? text), ...(clipped ? [`    ${words.cut}`] : []), "");
      }
    }
  }
  if (view.moreAnswers > 0) lines.push(words.more(view.moreAnswers));
  return `${lines.join("\n")}\n`;
}

function indented(text: string): string[] {
  return visibleText(text)
    .split("\n")
    .map((line) => `    ${line}`.trimEnd());
}
