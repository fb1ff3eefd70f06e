import { type FacetKey, facetKeys, PAGE_ROWS, questionQuery } from "../protocol/questionQuery.ts";
import type { QuestionFacets, QuestionPage, QuestionRow } from "../protocol/questionRows.ts";
import { askIndex } from "./askIndex.ts";
import { decimal, percent, plural } from "./format.ts";
import { harmless, shorten, table } from "./layout.ts";
import { filterOf, sortOf } from "./questionFilter.ts";
import { print, printJson, UsageError, type World, widthOf } from "./world.ts";

export interface QuestionsOptions {
  filter: string[];
  search?: string;
  sort: string;
  limit: number;
  at?: number;
  after?: string;
  facets?: string[];
  json?: boolean;
}

/** `rzero questions RUN`: a page of a run's questions, or how they are distributed. */
export async function questionsCommand(world: World, name: string, options: QuestionsOptions): Promise<number> {
  const filter = filterOf(options.filter, options.search);
  if (options.facets !== undefined) {
    const keys = facetsNamed(options.facets);
    const answer = await askIndex(world, name, (index, fresh) => index.facets(filter, keys, fresh));
    if (options.json) printJson(world, answer);
    else for (const line of facetLines(answer)) print(world, line);
    return 0;
  }
  if (options.limit < 1 || options.limit > PAGE_ROWS)
    throw new UsageError(`--limit is from 1 to ${PAGE_ROWS}; --at goes on from a row.`);
  const { limit, at, after } = options;
  const place = { ...(at === undefined ? {} : { at }), ...(after === undefined ? {} : { after }) };
  const query = questionQuery.parse({ filter, sort: sortOf(options.sort), limit, ...place });
  const page = await askIndex(world, name, (index, fresh) => index.questions(query, fresh));
  if (options.json) printJson(world, page);
  else for (const line of pageLines(page, widthOf(world))) print(world, line);
  return 0;
}

export function pageLines({ rows, at, total, next }: QuestionPage, width: number): string[] {
  if (rows.length === 0)
    return [total === 0 ? "No question fits." : `There are ${plural(total, "question")}; none from row ${at} on.`];
  const cells = rows.map((row, i) => [String(at + i), ...rowCells(row)]);
  const head = ["row", "id", "it.", "stage", "p̂", "label", "", "reward", "difficulty", "question"];
  const lines = table([head, ...cells], [1, 3, 5, 6, 9]).map((line) => shorten(line, width));
  const end = at + rows.length;
  const more = next === null ? "" : ` More: --at ${end}.`;
  return [...lines, "", `Rows ${at} to ${end - 1} of ${total.toLocaleString("en-US")}.${more}`];
}

function rowCells(row: QuestionRow): string[] {
  const fate = row.valid
    ? row.kept === null
      ? ""
      : row.kept
        ? "kept"
        : (row.band ?? "dropped")
    : `invalid: ${row.reason ?? "?"}`;
  return [
    row.id,
    String(row.iteration),
    harmless(row.stage),
    row.share === null ? "–" : percent(row.share),
    shorten(harmless(row.label ?? "–"), 16),
    harmless(fate) + decisionMark(row),
    decimal(row.reward, 3),
    decimal(row.difficulty),
    harmless(row.text),
  ];
}

function decisionMark({ decision }: QuestionRow): string {
  if (decision === null) return "";
  const verdict = { approve: " ✓", reject: " ✗" } as const;
  return `${decision.verdict === null ? "" : verdict[decision.verdict]}${decision.note === null ? "" : " ✎"}`;
}

function facetLines({ total, facets }: QuestionFacets): string[] {
  const rows = Object.entries(facets).flatMap(([key, values]) =>
    values.map(({ value, count }) => [key, harmless(String(value ?? "–")), count.toLocaleString("en-US")]),
  );
  return [...table([["property", "value", "questions"], ...rows], [0, 1]), "", plural(total, "question")];
}

function facetsNamed(names: readonly string[]): FacetKey[] {
  return names.map((name) => {
    const key = facetKeys.find((known) => known === name);
    if (key === undefined)
      throw new UsageError(`--facets ${name}: there is no such property. There are: ${facetKeys.join(", ")}.`);
    return key;
  });
}
