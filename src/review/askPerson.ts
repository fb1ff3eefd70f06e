import * as vscode from "vscode";
import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionChange } from "../../remote-agent/src/protocol/review.ts";
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
export async function askLabel({ row }: Asked): Promise<Change> {
  const now = row.decision?.label ?? row.label ?? "";
  const label = await input(vscode.l10n.t("The right label of: {0}", named(row)), now, {
    empty: vscode.l10n.t("Empty: back to the label of the majority."),
    same: row.decision?.label != null,
  });
  return label === undefined || label === now ? undefined : { label: label === "" ? null : label };
}

export async function askQuestion({ link, run, row }: Asked): Promise<Change> {
  const now = row.decision?.question ?? (await wholeQuestion({ link, run, row }));
  const typed = await input(vscode.l10n.t("The question as it is to be asked; \\n is a line break"), escaped(now), {
    empty: vscode.l10n.t("Empty: back to the question as it was asked."),
    same: row.decision?.question != null,
  });
  if (typed === undefined) return undefined;
  const question = unescaped(typed);
  return question === now ? undefined : { question: question === "" ? null : question };
}

export async function askNote({ row }: Asked): Promise<Change> {
  const now = row.decision?.note ?? "";
  const note = await input(vscode.l10n.t("Note on: {0}", named(row)), escaped(now), {
    empty: vscode.l10n.t("Empty: no note."),
    same: now !== "",
  });
  if (note === undefined || unescaped(note) === now) return undefined;
  return { note: note === "" ? null : unescaped(note) };
}

/** A question within a prompt, where VS Code would make links, and commands of them, of what looks like one. */
function named({ text }: QuestionRow): string {
  return oneLine(visibleLine(text));
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
