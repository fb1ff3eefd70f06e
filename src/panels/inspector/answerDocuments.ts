import * as vscode from "vscode";

const SCHEME = "rzero-answer";
const KEPT = 40;

/**
 * Texts of records as read-only documents, for the editor's own diff. What a document shows is held here while it may be open: an
 * answer of a run does not change.
 */
export class AnswerDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#texts.get(uri.toString()) ??
      vscode.l10n.t("This text is no longer at hand: open the diff again from the inspector.")
    );
  }

  async diff(left: { id: string; text: string }, right: { id: string; text: string }, run: string): Promise<void> {
    const title = vscode.l10n.t("Answers {left} ↔ {right}", { left: left.id.slice(0, 8), right: right.id.slice(0, 8) });
    const uris = [left, right].map((own) => this.#hold(run, own));
    await vscode.commands.executeCommand("vscode.diff", ...uris, title, { preview: true });
  }

  dispose(): void {
    this.#registered.dispose();
    this.#texts.clear();
  }

  #hold(run: string, { id, text }: { id: string; text: string }): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${encodeURIComponent(run)}/${encodeURIComponent(id)}.txt` });
    this.#texts.delete(uri.toString());
    this.#texts.set(uri.toString(), text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= KEPT) break;
      this.#texts.delete(oldest);
    }
    return uri;
  }
}
