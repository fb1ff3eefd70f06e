import {
  defaultReportSelection,
  REPORT_QUESTIONS,
  type ReportSelection,
  reportPicks,
  reportSelection,
} from "../../protocol/report.ts";
import { filterOf, sortOf } from "../questionFilter.ts";
import { UsageError } from "../world.ts";

/** How many a rule stands for that is written without a number. */
const COUNT = 8;

export const selectionHelp = `${reportPicks.join(", ")} with a number, as kept:20, ids of questions, or none`;

export interface ListOptions {
  readonly filter: string[];
  readonly search?: string;
  readonly sort?: string;
  readonly limit: number;
}

type List = NonNullable<ReportSelection["list"]>;

/** What `rzero questions` would list with the same options; undefined without any. @throws UsageError that says what is wrong */
export function listOf({ filter, search, sort, limit }: ListOptions): List | undefined {
  if (filter.length === 0 && search === undefined && sort === undefined) return undefined;
  return { filter: filterOf(filter, search), sort: sortOf(sort ?? "order"), count: limit };
}

/**
 * `kept:20,uncertain:5,4f0c…`, beside what is listed; without both the usual selection.
 * @throws UsageError that says what is wrong
 */
export function selectionOf(text: string | undefined, list?: List): ReportSelection {
  if (text === undefined)
    return list === undefined ? defaultReportSelection : checked({ picks: [], ids: [], list }, "");
  const parts = text.split(",").map((part) => part.trim());
  const selection: ReportSelection = { picks: [], ids: [] };
  for (const part of parts) {
    if (part === "none" && parts.length === 1) continue;
    const [, name = "", count] = /^([a-z]+)(?::(\d{1,6}))?$/.exec(part) ?? [];
    const pick = reportPicks.find((known) => known === name);
    if (pick !== undefined) selection.picks.push({ pick, count: count === undefined ? COUNT : Number(count) });
    else if (/^[0-9a-f]{6,24}$/.test(part)) selection.ids.push(part);
    else throw new UsageError(`--questions ${part}: there is no such selection. Write ${selectionHelp}.`);
  }
  return checked({ ...selection, ...(list === undefined ? {} : { list }) }, `--questions ${text}: `);
}

function checked(selection: ReportSelection, where: string): ReportSelection {
  const parsed = reportSelection.safeParse(selection);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join(".") === "list.count" ? `--limit: from 1 to ${REPORT_QUESTIONS}` : issue?.message;
  throw new UsageError(`${where}${at ?? "it is too much"}`);
}
