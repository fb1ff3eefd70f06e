import { exportTables } from "../../protocol/runActions.ts";

/** The tables of an export: their columns in order, with type and meaning. docs/export.md has the same list. */

export type ColumnType = "string" | "int" | "double" | "boolean";

export interface Column {
  name: string;
  type: ColumnType;
  /** Every column may be null except an id. */
  about: string;
}

export const tableNames = exportTables;
export type TableName = (typeof tableNames)[number];

/** A row by column name; what is missing is null. */
export type Row = Record<string, string | number | boolean | null | undefined>;

const column = (name: string, type: ColumnType, about: string): Column => ({ name, type, about });

const place = [
  column("iteration", "int", "iteration, from 1; 0 is before the first"),
  column("stage", "string", "`challenger`, `curriculum`, `solver` or `audit`"),
  column("step", "int", "training step within the stage, from 1"),
];

export const tables: Record<TableName, { about: string; columns: Column[] }> = {
  questions: {
    about: "one row for each completion of the Challenger, malformed ones included",
    columns: [
      column("id", "string", "the completion's record"),
      ...place,
      column("task", "string", "record of the question as something to be answered"),
      column("checkpoint", "string", "the Challenger that asked"),
      column("valid", "boolean", "the completion holds a question"),
      column("reason", "string", "why it does not"),
      column("question", "string", "the question"),
      column("proposed_answer", "string", "the answer the Challenger gave with it; nothing is trained on it"),
      column("difficulty", "double", "as the domain measures it"),
      column("label", "string", "pseudo-label: what the Solver's answers agreed on"),
      column("votes", "int", "answers that agree with the majority"),
      column("denominator", "int", "answers that were counted"),
      column("majority_share", "double", "votes / denominator"),
      column("kept", "boolean", "went into the curriculum (stage `curriculum`)"),
      column("kept_reason", "string", "why it did or did not"),
      column("label_correct", "boolean", "the label is right, where the domain knows"),
      column("reward", "double", "reward of the Challenger (stage `challenger`)"),
      column("uncertainty", "double", "the reward's part for an undecided Solver"),
      column("penalty", "double", "the reward's part for repetition"),
      column("cluster", "int", "questions of one step with the same number resemble each other"),
      column("verdict", "string", "a reviewer's: `approve` or `reject`"),
      column("corrected_label", "string", "the reviewer's label, in place of the pseudo-label"),
      column("edited_question", "string", "the question as the reviewer would have it asked"),
      column("note", "string", "the reviewer's remark"),
      column("text", "string", "the completion as it was sampled"),
      column("stop", "string", "`stop`, or `length` when it was cut off"),
      column("tokens", "int", "length of the completion"),
      column("seed", "int", "the sampling seed, 48 bits"),
    ],
  },
  answers: {
    about: "one row for each completion of the Solver",
    columns: [
      column("id", "string", "the completion's record"),
      ...place,
      column("task", "string", "record of the question"),
      column("checkpoint", "string", "the Solver that answered"),
      column("rollout", "int", "which of the question's answers, from 0"),
      column("question", "string", "the question"),
      column("label", "string", "pseudo-label or key, where the question has one"),
      column("answer", "string", "what was read from the completion"),
      column("reason", "string", "why nothing could be read"),
      column("reward", "double", "reward of the Solver (stage `solver`)"),
      column("text", "string", "the completion as it was sampled"),
      column("stop", "string", "`stop`, or `length` when it was cut off"),
      column("tokens", "int", "length of the completion"),
      column("seed", "int", "the sampling seed, 48 bits"),
    ],
  },
  examples: {
    about: "what was trained on: one row for each completion of each group with a gradient",
    columns: [
      column("example", "string", "the group's record"),
      ...place,
      column("role", "string", "who learnt from it"),
      column("member", "int", "place within the group, from 0"),
      column("trajectory", "string", "the completion's record"),
      column("task", "string", "record of the question or prompt"),
      column("question", "string", "the question the Solver answered, or the one the Challenger asked"),
      column("label", "string", "pseudo-label"),
      column("completion", "string", "the completion as it was sampled"),
      column("reward", "double", "its reward"),
      column("advantage", "double", "its advantage within the group"),
      column("checkpoint", "string", "the checkpoint that the optimiser step with it led to"),
    ],
  },
  metrics: {
    about: "one row for each number that was measured",
    columns: [
      ...place,
      column("metric", "string", "what was measured together, for example `solver`"),
      column("name", "string", "the number's name"),
      column("index", "int", "its place, where the number is one of a list"),
      column("value", "double", "null where there is none"),
    ],
  },
  checkpoints: {
    about: "one row for each optimiser step and each save",
    columns: [
      column("id", "string", "the checkpoint's record"),
      ...place,
      column("role", "string", "whose weights they are"),
      column("method", "string", "`base`, `fork`, `grpo` or `save`"),
      column("line_step", "int", "optimiser steps in this stage"),
      column("parent", "string", "the checkpoint it was made from; for `fork` a record of another run"),
      column("examples", "int", "groups in its batch"),
      column("durable", "boolean", "was saved to disk"),
      column("removed", "boolean", "was removed by retention since"),
      column("weights", "string", "SHA-256 of the weights file"),
      column("folder", "string", "where this export has it"),
      column("metrics", "string", "what was measured in the step, as JSON"),
    ],
  },
};
