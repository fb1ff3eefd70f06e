import * as vscode from "vscode";
import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import {
  type DecisionChange,
  type DecisionContent,
  nothingDecided,
  ROW_DECISION_CHARS,
  ROW_LABEL_CHARS,
} from "../../remote-agent/src/protocol/review.ts";
import type { HostLink } from "../link/hostLink.ts";
import { oneLine } from "../oneLine.ts";
import { escaped, unescaped } from "./lineInput.ts";
import { visibleLine } from "./visibleText.ts";

type Change = Omit<DecisionChange, "id"> | undefined;

/** A question of a run, and the way to what its row does not hold. */
export interface Asked {
  readonly link: Pick<HostLink, "request">;
  readonly run: string;
  readonly row: QuestionRow;
}

/** Each asks one person for one change of one question; undefined: they thought better of it. */
export async function askLabel({ link, run, row }: Asked): Promise<Change> {
  const { label: decided } = await wholeDecision({ link, run, row });
  const now = decided ?? wholeLabel(row);
  const label = await input(vscode.l10n.t("The right label of: {0}", named(row)), now, {
    empty: vscode.l10n.t("Empty: back to the label of the majority."),
    same: decided !== null,
  });
  return label === undefined || label === now ? undefined : { label: label === "" ? null : label };
}

export async function askQuestion({ link, run, row }: Asked): Promise<Change> {
  const { question: decided } = await wholeDecision({ link, run, row });
  const now = decided ?? (await wholeQuestion({ link, run, row }));
  const typed = await input(vscode.l10n.t("The question as it is to be asked; \\n is a line break"), escaped(now), {
    empty: vscode.l10n.t("Empty: back to the question as it was asked."),
    same: decided !== null,
  });
  if (typed === undefined) return undefined;
  const question = unescaped(typed);
  return question === now ? undefined : { question: question === "" ? null : question };
}

export async function askNote({ link, run, row }: Asked): Promise<Change> {
  const now = (await wholeDecision({ link, run, row })).note ?? "";
  const note = await input(vscode.l10n.t("Note on: {0}", named(row)), escaped(now), {
    empty: vscode.l10n.t("Empty: no note."),
    same: now !== "",
  });
  if (note === undefined || unescaped(note) === now) return undefined;
  return { note: note === "" ? null : unescaped(note) };
}

/** What is decided on a question: of long texts a row has the beginnings, and what is added to those would replace the whole. */
export async function wholeDecision({ link, run, row }: Asked): Promise<DecisionContent> {
  const { decision } = row;
  if (decision === null) return nothingDecided;
  const { label, question, note, seq } = decision;
  const lengths = [label, question, note].map((text) => text?.length ?? 0);
  if (!lengths.some((length) => length === ROW_DECISION_CHARS || length === ROW_DECISION_CHARS - 1)) return decision;
  const wanted = { run, id: row.task ?? row.id, after: seq - 1, limit: 1 };
  const [whole] = (await link.request("runs/decisions", wanted)).decisions;
  if (whole?.seq !== seq)
    throw new Error(vscode.l10n.t("What is decided on this question is still being read; try again in a moment."));
  return whole;
}

/** A question within a prompt, where VS Code would make links, and commands of them, of what looks like one. */
function named({ text }: QuestionRow): string {
  return oneLine(visibleLine(text));
}

/** The majority's label to begin with; nothing where the row has only its beginning, which would be taken for the whole. */
function wholeLabel({ label }: QuestionRow): string {
  return label === null || label.length >= ROW_LABEL_CHARS - 1 ? "" : label;
}

/** What stands in a row may be cut: nobody edits half a question without knowing. */
async function wholeQuestion({ link, run, row }: Asked): Promise<string> {
  if (!row.clipped) return row.text;
  const { record, clipped } = await link.request("runs/record", { run, id: row.task ?? row.id });
  const text = record["question"];
  if (clipped || typeof text !== "string")
    throw new Error(vscode.l10n.t("This question is too long to be edited here: `rzero review --question` can."));
  return text;
}

function input(
  prompt: string,
  value: string,
  { empty, same }: { empty: string; same: boolean },
): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    prompt: same ? `${prompt} — ${empty}` : prompt,
    value,
    ignoreFocusOut: true,
    validateInput: (typed) => (typed.trim() === "" && !same ? vscode.l10n.t("There is nothing here yet.") : undefined),
  });
}
