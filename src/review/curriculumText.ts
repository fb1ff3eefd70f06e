import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import { visibleLine, visibleText } from "./visibleText.ts";

/** The words of a curriculum's document, in the person's language. */
export interface CurriculumWords {
  readonly label: string;
  readonly corrected: string;
  readonly edited: string;
  readonly note: string;
  readonly source: string;
  readonly decided: string;
  readonly approvedBy: (who: string) => string;
  readonly rejectedBy: (who: string) => string;
  readonly undecided: string;
  readonly cut: string;
  readonly noLabel: string;
  readonly place: (iteration: number, stage: string) => string;
  readonly empty: string;
  readonly more: (shown: number, total: number) => string;
}

/** One question of a document. Lines count from 0. */
export interface Block {
  readonly row: QuestionRow;
  /** Number of the question in the curriculum, from 1. */
  readonly number: number;
  readonly head: number;
  /** Of the question's text. */
  readonly first: number;
  readonly last: number;
  readonly labelLine: number;
  /** Last line of the block. */
  readonly end: number;
}

export interface CurriculumText {
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The line that says that there is more; null when all is shown. */
  readonly moreLine: number | null;
}

const RULE = "─";
const WIDTH = 72;

/**
 * A curriculum as a document: one block a question. Only heads begin at the margin, so nothing that a model wrote can look like one.
 * `total`: of how many questions these are the first.
 */
export function curriculumText(
  title: string,
  rows: readonly QuestionRow[],
  total: number,
  words: CurriculumWords,
): CurriculumText {
  const lines = [visibleLine(title), ""];
  const blocks: Block[] = [];
  for (const [i, row] of rows.entries()) {
    const number = i + 1;
    const head = lines.length;
    lines.push(`${RULE}${RULE} ${number} `.padEnd(WIDTH, RULE));
    lines.push(...indented(row.text));
    if (row.clipped) lines.push(`    ${words.cut}`);
    const last = lines.length - 1;
    const labelLine = lines.length;
    lines.push(...facts(row, words));
    blocks.push({ row, number, head, first: head + 1, last, labelLine, end: lines.length - 1 });
    lines.push("");
  }
  if (rows.length === 0) lines.push(words.empty);
  const moreLine = rows.length > 0 && rows.length < total ? lines.length : null;
  if (moreLine !== null) lines.push(words.more(rows.length, total));
  return { text: `${lines.join("\n")}\n`, blocks, moreLine };
}

/** The block that a line belongs to. */
export function blockAt(blocks: readonly Block[], line: number): Block | undefined {
  return blocks.findLast((block) => block.head <= line && line <= block.end);
}

/** Only what two curricula can be compared by: questions with their labels, in the order of the text. */
export function comparableText(rows: readonly QuestionRow[]): string {
  const lines = rows.map((row) => `${visibleLine(row.text)}\n    → ${visibleLine(row.label ?? "–")}`);
  return `${[...new Set(lines)].sort().join("\n")}\n`;
}

function indented(text: string): string[] {
  return visibleText(text)
    .split("\n")
    .map((line) => `    ${line}`.trimEnd());
}

function facts(row: QuestionRow, words: CurriculumWords): string[] {
  const { label, votes, denominator, share, decision } = row;
  const vote = share === null ? "" : `  ${votes}/${denominator} (${(100 * share).toFixed(0)} %)`;
  const fact = (name: string, text: string) => `  ${name}: ${visibleLine(text)}`;
  return [
    `${fact(words.label, label ?? words.noLabel)}${vote}`,
    ...(decision?.label == null ? [] : [fact(words.corrected, decision.label)]),
    ...(decision?.question == null ? [] : [fact(words.edited, decision.question)]),
    fact(words.source, words.place(row.iteration, row.stage)),
    fact(words.decided, verdictText(row, words)),
    ...(decision?.note == null ? [] : [fact(words.note, decision.note)]),
  ];
}

function verdictText({ decision }: QuestionRow, words: CurriculumWords): string {
  if (decision?.verdict == null) return words.undecided;
  return decision.verdict === "approve" ? words.approvedBy(decision.by) : words.rejectedBy(decision.by);
}
