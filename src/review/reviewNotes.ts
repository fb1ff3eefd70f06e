import * as vscode from "vscode";
import { markdownText } from "../markdownText.ts";
import { SCHEME } from "./curriculumAddress.ts";
import type { CurriculumDocuments } from "./curriculumDocuments.ts";
import { type Block, blockAt } from "./curriculumText.ts";
import { visibleLine, visibleText } from "./visibleText.ts";

const AUTHOR_CHARS = 200;

/** Notes on questions as comment threads. A note is what the newest decision says; replies are added to it. */
export class ReviewNotes implements vscode.Disposable {
  readonly #documents: CurriculumDocuments;
  readonly #controller = vscode.comments.createCommentController("rzero.review", vscode.l10n.t("R-Zero review"));
  /** By document, then by task. */
  readonly #threads = new Map<string, Map<string, vscode.CommentThread>>();
  readonly #listening: vscode.Disposable;

  constructor(documents: CurriculumDocuments) {
    this.#documents = documents;
    this.#controller.options = {
      prompt: vscode.l10n.t("Add a note"),
      placeHolder: vscode.l10n.t("A note on this question"),
    };
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: (document) =>
        (this.#documents.shown(document)?.blocks ?? []).map(({ head, end }) => new vscode.Range(head, 0, end, 0)),
    };
    const redraw = (document: vscode.TextDocument) => {
      if (document.uri.scheme === SCHEME) this.#redraw(document);
    };
    this.#listening = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument(redraw),
      vscode.workspace.onDidChangeTextDocument(({ document }) => redraw(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
    );
  }

  /** The question that a reply is about; the thread that the person began is replaced by ours once the note is recorded. */
  blockOf({ thread }: vscode.CommentReply): Block | undefined {
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === thread.uri.toString());
    const shown = document === undefined ? undefined : this.#documents.shown(document);
    return shown === undefined ? undefined : blockAt(shown.blocks, thread.range?.start.line ?? 0);
  }

  dispose(): void {
    this.#listening.dispose();
    this.#controller.dispose();
  }

  #redraw(document: vscode.TextDocument): void {
    const shown = this.#documents.shown(document);
    if (shown === undefined) return;
    const key = document.uri.toString();
    const before = this.#threads.get(key) ?? new Map<string, vscode.CommentThread>();
    const now = new Map<string, vscode.CommentThread>();
    for (const { row, labelLine } of shown.blocks) {
      const { task, decision } = row;
      if (task === null || decision?.note == null) continue;
      const range = new vscode.Range(labelLine, 0, labelLine, 0);
      const thread = before.get(task) ?? this.#controller.createCommentThread(document.uri, range, []);
      thread.range = range;
      thread.comments = [commentOf(decision.note, decision.by, decision.at)];
      thread.canReply = true;
      now.set(task, thread);
    }
    for (const [task, thread] of before) if (!now.has(task)) thread.dispose();
    this.#threads.set(key, now);
  }

  #forget(uri: vscode.Uri): void {
    for (const thread of this.#threads.get(uri.toString())?.values() ?? []) thread.dispose();
    this.#threads.delete(uri.toString());
  }
}

function commentOf(note: string, by: string, at: number): vscode.Comment {
  // As text: a note is whatever somebody wrote, and may not become a link or an image.
  const body = new vscode.MarkdownString(markdownText(visibleText(note)));
  const author = { name: visibleLine(by).slice(0, AUTHOR_CHARS) };
  return { body, mode: vscode.CommentMode.Preview, author, timestamp: new Date(at) };
}
