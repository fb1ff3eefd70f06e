import type { QuestionFilter, QuestionSort } from "../../protocol/questionQuery.ts";
import type { ReportPick, ReportSelection } from "../../protocol/report.ts";
import type { ReportSelection as SelectedQuestions } from "../../report/content.ts";
import type { Freshness, RunIndex } from "../../run/index/runIndex.ts";
import { listSentence } from "./listText.ts";

interface Rule {
  readonly title: string;
  readonly rule: string;
  /** A question fits one of them. */
  readonly filters: readonly QuestionFilter[];
  readonly sort: QuestionSort;
}

const labelled: QuestionFilter = { valid: true, share: { min: 0 } };
const byShare = (descending: boolean): QuestionSort => ({ by: "share", descending });

const rules: Readonly<Record<ReportPick, Rule>> = {
  kept: {
    title: "Kept for the curriculum",
    rule: "Questions that the Solver could learn from, the highest majority share p̂ first.",
    filters: [{ kept: true }],
    sort: byShare(true),
  },
  uncertain: {
    title: "The least certain",
    rule: "Valid questions whose answers agreed least, the lowest majority share p̂ first.",
    filters: [labelled],
    sort: byShare(false),
  },
  certain: {
    title: "The most certain",
    rule: "Valid questions whose answers agreed most, the highest majority share p̂ first.",
    filters: [labelled],
    sort: byShare(true),
  },
  reviewed: {
    title: "With decisions or notes",
    rule: "Questions on which a reviewer decided, or left a note, in the order in which they were asked.",
    filters: [{ decided: true }, { note: true }, { corrected: true }, { edited: true }],
    sort: { by: "order", descending: false },
  },
};

type Index = Pick<RunIndex, "questions" | "question">;

/** The questions of a selection, by rule; each stands once. A rule that fits nothing is left out. */
export async function selectedQuestions(
  index: Index,
  { picks, ids, list }: ReportSelection,
  fresh: Freshness,
): Promise<SelectedQuestions[]> {
  const taken = new Set<string>();
  const selections: SelectedQuestions[] = [];
  const named: string[] = [];
  for (const id of ids) {
    const { question } = await index.question(id, fresh);
    if (!taken.has(question.id)) named.push(question.id);
    taken.add(question.id);
  }
  if (named.length > 0)
    selections.push({
      key: "named",
      title: "Chosen by hand",
      rule: "Questions that were asked for by name.",
      total: named.length,
      ids: named,
      elsewhere: 0,
    });
  if (list !== undefined) {
    const found = await fitting(index, [list.filter], list.sort, list.count, fresh);
    const own = found.ids.filter((id) => !taken.has(id));
    for (const id of own) taken.add(id);
    selections.push({
      key: "listed",
      title: "Listed",
      rule: listSentence(list.filter, list.sort),
      total: found.total,
      ids: own,
      elsewhere: found.ids.length - own.length,
    });
  }
  for (const { pick, count } of picks) {
    const { title, rule, filters, sort } = rules[pick];
    const found = await fitting(index, filters, sort, count, fresh);
    const own = found.ids.filter((id) => !taken.has(id));
    for (const id of own) taken.add(id);
    const key = selections.some((known) => known.key === pick) ? `${pick}-${selections.length}` : pick;
    if (found.total > 0)
      selections.push({ key, title, rule, total: found.total, ids: own, elsewhere: found.ids.length - own.length });
  }
  return selections;
}

async function fitting(
  index: Index,
  filters: readonly QuestionFilter[],
  sort: QuestionSort,
  count: number,
  fresh: Freshness,
): Promise<{ ids: string[]; total: number }> {
  const rows = new Map<string, number>();
  let total = 0;
  for (const filter of filters) {
    const page = await index.questions({ filter, sort, limit: count }, fresh);
    for (const { id, decision } of page.rows) rows.set(id, decision?.seq ?? 0);
    total = Math.max(total, page.total);
  }
  const ids = [...rows.keys()];
  return { ids: ids.slice(0, count), total: Math.max(total, ids.length) };
}
