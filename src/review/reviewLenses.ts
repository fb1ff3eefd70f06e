import * as vscode from "vscode";
import { commands } from "../ids.ts";
import { SCHEME } from "./curriculumAddress.ts";
import type { CurriculumDocuments } from "./curriculumDocuments.ts";
import type { Block } from "./curriculumText.ts";

/** The question that a lens is about. */
export interface LensTarget {
  readonly uri: string;
  readonly task: string;
}

/** What can be done with a question, above it. */
export class ReviewLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #documents: CurriculumDocuments;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #registered: vscode.Disposable;

  constructor(documents: CurriculumDocuments) {
    this.#documents = documents;
    this.#registered = vscode.Disposable.from(
      vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === SCHEME) this.#changed.fire();
      }),
    );
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const shown = this.#documents.shown(document);
    if (shown === undefined) return [];
    const { blocks, moreLine, uri } = shown;
    const own = (line: number, title: string, command: string, ...args: unknown[]) =>
      new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: args });
    return [
      own(0, vscode.l10n.t("Decide on Many…"), commands.decideMany, uri.toString()),
      own(0, vscode.l10n.t("Compare with Previous Iteration"), commands.compareCurriculum, uri.toString()),
      own(0, vscode.l10n.t("Release Review Gate"), commands.releaseGate, uri.toString()),
      ...blocks.flatMap((block) =>
        lensesOf(block, uri).map(([title, command, target]) => own(block.head, title, command, target)),
      ),
      ...(moreLine === null ? [] : [own(moreLine, vscode.l10n.t("Show More"), commands.moreQuestions, uri.toString())]),
    ];
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }
}

function lensesOf({ row }: Block, uri: vscode.Uri): [string, string, LensTarget][] {
  if (row.task === null) return [];
  const target = { uri: uri.toString(), task: row.task };
  const { decision } = row;
  return [
    ...(decision?.verdict === "approve" ? [] : [lens(vscode.l10n.t("$(check) Approve"), commands.approveQuestion)]),
    ...(decision?.verdict === "reject" ? [] : [lens(vscode.l10n.t("$(x) Reject"), commands.rejectQuestion)]),
    lens(vscode.l10n.t("Correct Label"), commands.correctLabel),
    lens(vscode.l10n.t("Edit"), commands.editQuestion),
    lens(vscode.l10n.t("Note"), commands.noteQuestion),
    ...(decision === null ? [] : [lens(vscode.l10n.t("Undo"), commands.undoDecision)]),
    lens(vscode.l10n.t("Show Question"), commands.showQuestion),
  ];

  function lens(title: string, command: string): [string, string, LensTarget] {
    return [title, command, target];
  }
}
