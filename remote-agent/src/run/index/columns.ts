/**
 * The figures of a question, each a column of the table `questions` and, for querying, an array in memory. Flags are 0 and 1;
 * a name is one of few short strings.
 */
export type ColumnKind = "int" | "real" | "flag" | "name";

export const columns = {
  iteration: "int",
  stage: "name",
  step: "int",
  valid: "flag",
  reason: "name",
  kept: "flag",
  band: "name",
  share: "real",
  votes: "int",
  denominator: "int",
  correct: "flag",
  difficulty: "real",
  reward: "real",
  uncertainty: "real",
  penalty: "real",
  batch: "int",
  cluster: "int",
  clusterSize: "int",
  answers: "int",
  truncated: "int",
  tokens: "int",
  answerTokens: "real",
  trainedExamples: "int",
  trainedSteps: "int",
  proposalExamples: "int",
  verdict: "name",
  corrected: "flag",
  edited: "flag",
  noted: "flag",
} as const satisfies Record<string, ColumnKind>;

export type ColumnName = keyof typeof columns;
export const columnNames = Object.keys(columns) as ColumnName[];

type ValueOf<K extends ColumnKind> = K extends "name" ? string : number;
export type Figures = { -readonly [C in ColumnName]: ValueOf<(typeof columns)[C]> | null };

/** A question as it is stored; `n` counts from 1 in the order in which they were asked. */
export interface StoredQuestion extends Figures {
  n: number;
  /** Record ids, in hex. */
  id: string;
  proposal: string | null;
  task: string | null;
  text: string;
  /** Length of the whole text, of which `text` is the beginning. */
  textLength: number;
  label: string | null;
  /** What a reviewer decided (`decisionView`, texts cut), as JSON. */
  decision: string | null;
}

/** Texts and labels are kept to this length; whole ones are in the journal and its packs. */
export const KEPT_TEXT_CHARS = 16_384;
export const KEPT_LABEL_CHARS = 1000;
/** A name that is longer is no name; cut so that facets stay small. */
export const KEPT_NAME_CHARS = 64;

export function newQuestion(n: number, id: string, text: string): StoredQuestion {
  const figures = Object.fromEntries(columnNames.map((name) => [name, null])) as Figures;
  const zero = { answers: 0, truncated: 0, trainedExamples: 0, trainedSteps: 0, proposalExamples: 0 };
  const undecided = { corrected: 0, edited: 0, noted: 0 };
  return {
    ...figures,
    ...zero,
    ...undecided,
    iteration: 0,
    stage: "",
    valid: 1,
    n,
    id,
    proposal: null,
    task: null,
    text: text.slice(0, KEPT_TEXT_CHARS),
    textLength: text.length,
    label: null,
    decision: null,
  };
}
