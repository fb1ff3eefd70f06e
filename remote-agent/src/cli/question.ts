import type { AnswerView, QuestionView } from "../protocol/questionRows.ts";
import { decisionText } from "../protocol/review.ts";
import { askIndex } from "./askIndex.ts";
import { decimal, percent, plural } from "./format.ts";
import { harmless, shorten, wrap } from "./layout.ts";
import { print, printJson, type World, widthOf } from "./world.ts";

/** `rzero question RUN ID`: one question with its answers in classes, its scores, and its neighbours. */
export async function questionCommand(
  world: World,
  name: string,
  id: string,
  options: { json?: boolean },
): Promise<number> {
  const view = await askIndex(world, name, (index, fresh) => index.question(id, fresh));
  if (options.json) printJson(world, view);
  else for (const line of questionLines(view, widthOf(world))) print(world, line);
  return 0;
}

export function questionLines(view: QuestionView, width: number): string[] {
  const { question } = view;
  return [
    ...wrap(question.text, width),
    ...(question.clipped ? ["(cut: `--json` has the ids for the whole record)"] : []),
    "",
    ...facts(view),
    ...decisionLines(view),
    ...view.scores.map(({ scorer, call, parts }) => `${harmless(scorer)} in ${harmless(call)}: ${partsText(parts)}`),
    ...view.groups.flatMap((group) => [
      "",
      harmless(group.call),
      ...group.classes.flatMap((own) => classLines(own, width)),
    ]),
    ...(view.moreAnswers > 0 ? ["", `${plural(view.moreAnswers, "answer")} more.`] : []),
    ...neighbourLines(view, width),
  ];
}

function facts({ question }: QuestionView): string[] {
  const { iteration, stage, step, label, share, votes, denominator, valid, reason, kept, band, correct } = question;
  const where = `iteration ${iteration}, ${harmless(stage)}${step === null ? "" : `, step ${step}`}`;
  const vote =
    share === null
      ? ""
      : `, ${votes} of ${denominator} votes (${percent(share)}) for ${harmless(label ?? "no answer")}`;
  const fate = valid
    ? kept === null
      ? ""
      : kept
        ? ", kept"
        : `, dropped: ${harmless(band ?? "?")}`
    : `, invalid: ${harmless(reason ?? "?")}`;
  const truth = correct === null ? "" : correct ? ", label is right" : ", label is wrong";
  const training = `${plural(question.trainedExamples, "training example")} in ${plural(question.trainedSteps, "optimiser step")}; its proposal in ${question.proposalExamples}`;
  return [
    `${where}${vote}${fate}${truth}`,
    `reward ${decimal(question.reward, 3)}, ${training}`,
    `proposal ${question.proposal ?? "–"}, task ${question.task ?? "–"}`,
  ];
}

function partsText(parts: Record<string, unknown>): string {
  return Object.entries(parts)
    .map(([name, value]) => `${harmless(name)} ${shorten(harmless(String(value)), 60)}`)
    .join(", ");
}

function classLines(own: QuestionView["groups"][number]["classes"][number], width: number): string[] {
  const head = `  ${own.count} × ${own.answer === null ? "no answer" : shorten(harmless(own.answer), 60)}${own.majority ? "  ← label" : ""}`;
  return [head, ...own.answers.map((answer) => shorten(`    ${answerText(answer)}`, width))];
}

function answerText({ id, tokens, stop, text, problem }: AnswerView): string {
  return `${id}  ${tokens} tokens${stop === "length" ? " (cut)" : ""}  ${harmless(problem ?? text)}`;
}

function decisionLines({ question: { decision } }: QuestionView): string[] {
  if (decision === null) return [];
  const { by, at } = decision;
  return [`review: ${harmless(decisionText(decision))} (${harmless(by)}, ${new Date(at).toISOString().slice(0, 16)})`];
}

function neighbourLines({ neighbours, moreNeighbours }: QuestionView, width: number): string[] {
  if (neighbours.length === 0) return [];
  const more = moreNeighbours > 0 ? [`  and ${moreNeighbours} more`] : [];
  return [
    "",
    "Of the same cluster",
    ...neighbours.map((row) => shorten(`  ${row.id}  ${harmless(row.text)}`, width)),
    ...more,
  ];
}
