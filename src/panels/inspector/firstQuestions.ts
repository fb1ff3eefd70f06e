import type { QuestionQuery } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { PaneState } from "./messages.ts";

/** Rows that a table asks at a time. */
export const PAGE_ROWS = 100;
/** As many rows as a tall window shows. */
export const SCREEN_ROWS = 40;

/** How many questions a run has now, whatever is looked for. */
export const everything: QuestionQuery = { filter: {}, sort: { by: "order", descending: false }, limit: 1 };

/** The pages that rows `first` to `last` lie on, in order. */
export function pagesOf(first: number, last: number): number[] {
  const [from, to] = [Math.floor(Math.max(0, first) / PAGE_ROWS), Math.floor(Math.max(0, last) / PAGE_ROWS)];
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

export function pageQuery({ filter, sort }: Pick<QuestionQuery, "filter" | "sort">, page: number): QuestionQuery {
  return { filter, sort, limit: PAGE_ROWS, at: page * PAGE_ROWS };
}

/** What a table asks before it can show anything, known before there is a page to ask it. */
export function firstQuestions({ filter, sort, at }: PaneState): QuestionQuery[] {
  return [everything, ...pagesOf(at, at + SCREEN_ROWS).map((page) => pageQuery({ filter, sort }, page))];
}
