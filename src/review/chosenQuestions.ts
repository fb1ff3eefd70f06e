import * as vscode from "vscode";
import * as z from "zod";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { SCHEME } from "./curriculumAddress.ts";
import type { CurriculumDocuments } from "./curriculumDocuments.ts";
import type { Block } from "./curriculumText.ts";

export interface Chosen {
  readonly entry: HostEntry;
  readonly run: string;
  readonly blocks: readonly Block[];
}

const target = z.object({ uri: z.string(), task: z.string() });

/** The question of a lens; without one those that the cursors and selections of the active curriculum touch. */
export async function chosenQuestions(
  documents: CurriculumDocuments,
  arg: unknown,
  most: number,
): Promise<Chosen | undefined> {
  const lens = target.safeParse(arg);
  const editor = vscode.window.activeTextEditor;
  const document = lens.success
    ? vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === lens.data.uri)
    : editor?.document.uri.scheme === SCHEME
      ? editor.document
      : undefined;
  const shown = document === undefined ? undefined : documents.shown(document);
  const entry = shown === undefined ? undefined : documents.entryOf(shown.address);
  if (shown === undefined || entry === undefined) {
    await vscode.window.showInformationMessage(vscode.l10n.t("Open a curriculum first: R-Zero: Review Curriculum."));
    return undefined;
  }
  const touched = (block: Block) =>
    editor?.selections.some(({ start, end }) => start.line <= block.end && end.line >= block.head) === true;
  const blocks = lens.success
    ? shown.blocks.filter(({ row }) => row.task === lens.data.task)
    : shown.blocks.filter(touched);
  const known = blocks.filter(({ row }) => row.task !== null);
  if (known.length === 0 || known.length > most) {
    await vscode.window.showInformationMessage(
      known.length === 0
        ? vscode.l10n.t("Put the cursor on a question.")
        : vscode.l10n.t("This is for {0} at a time; {1} questions are selected.", most, known.length),
    );
    return undefined;
  }
  return { entry, run: shown.address.run, blocks: known };
}
