import type { AnswerGroup } from "../../../remote-agent/src/protocol/answerGroups.ts";
import type { AsideView } from "../../../remote-agent/src/protocol/reask.ts";

/** An answer, and how often it was given in the run and when the question was asked again. */
export interface ComparedAnswer {
  /** Null: no answer that can be read. */
  readonly answer: string | null;
  /** Null where there is no draw of the run to compare with. */
  readonly own: number | null;
  readonly again: number;
  /** It is the run's label. */
  readonly isLabel: boolean;
}

/** What was answered again beside one draw of the run: the answers that were given most often now come first. */
export function compared(
  { classes, answers }: Pick<AsideView, "classes" | "answers">,
  group: AnswerGroup | null,
): ComparedAnswer[] {
  const left = new Set(classes);
  const rows: ComparedAnswer[] = (group?.classes ?? []).map((own) => {
    const texts = new Set([own.answer, ...own.answers.map(({ answer }) => answer)]);
    const same = [...left].filter(({ known }) => known.some((text) => texts.has(text)));
    for (const one of same) left.delete(one);
    const again = own.answer === null ? silent(answers) : same.reduce((sum, { count }) => sum + count, 0);
    return { answer: own.answer, own: own.count, again, isLabel: own.isMajority };
  });
  const none = group === null ? null : 0;
  for (const { answer, count } of left) rows.push({ answer, own: none, again: count, isLabel: false });
  if (silent(answers) > 0 && !rows.some(({ answer }) => answer === null))
    rows.push({ answer: null, own: none, again: silent(answers), isLabel: false });
  return rows.sort(
    (a, b) => Number(a.answer === null) - Number(b.answer === null) || b.again - a.again || (b.own ?? 0) - (a.own ?? 0),
  );
}

/** The draw that gave the label; else the first one. */
export function labelDraw(groups: readonly AnswerGroup[]): AnswerGroup | null {
  return groups.find(({ classes }) => classes.some(({ isMajority }) => isMajority)) ?? groups[0] ?? null;
}

function silent(answers: AsideView["answers"]): number {
  return answers.filter(({ answer }) => answer === null).length;
}
