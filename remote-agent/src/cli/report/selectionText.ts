import { defaultReportSelection, type ReportSelection, reportPicks, reportSelection } from "../../protocol/report.ts";
import { UsageError } from "../world.ts";

/** How many a rule stands for that is written without a number. */
const COUNT = 8;

export const selectionHelp = `${reportPicks.join(", ")} with a number, as kept:20, ids of questions, or none`;

/** `kept:20,uncertain:5,4f0c…`; without a text the usual selection. @throws UsageError that says what is wrong */
export function selectionOf(text: string | undefined): ReportSelection {
  if (text === undefined) return defaultReportSelection;
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
  const parsed = reportSelection.safeParse(selection);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--questions ${text}: ${issue?.message ?? "it is too much"}`);
}
