import * as vscode from "vscode";
import { SCHEME } from "./curriculumAddress.ts";
import type { CurriculumDocuments, Shown } from "./curriculumDocuments.ts";
import type { Block } from "./curriculumText.ts";
import { suspicionText } from "./reviewWords.ts";
import { type Suspicion, suspicionsOf } from "./suspicions.ts";

/** Shows in open curricula what is decided, and in the problems view what is doubtful. */
export class ReviewMarks implements vscode.Disposable {
  readonly #documents: CurriculumDocuments;
  readonly #problems = vscode.languages.createDiagnosticCollection("rzero-review");
  readonly #approved = mark("testing.iconPassed", {});
  readonly #rejected = mark("testing.iconFailed", { opacity: "0.6" });
  readonly #listening: vscode.Disposable;

  constructor(documents: CurriculumDocuments) {
    this.#documents = documents;
    const redraw = (document: vscode.TextDocument) => {
      if (document.uri.scheme === SCHEME) this.#redraw(document);
    };
    this.#listening = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument(redraw),
      vscode.workspace.onDidChangeTextDocument(({ document }) => redraw(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#problems.delete(uri)),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const { document } of editors) redraw(document);
      }),
    );
  }

  dispose(): void {
    for (const item of [this.#listening, this.#problems, this.#approved, this.#rejected]) item.dispose();
  }

  #redraw(document: vscode.TextDocument): void {
    const shown = this.#documents.shown(document);
    if (shown === undefined) return;
    this.#problems.set(document.uri, problemsOf(shown, document));
    const ranges = (verdict: string) =>
      shown.blocks
        .filter(({ row }) => row.decision?.verdict === verdict)
        .map(({ first, last }) => new vscode.Range(first, 0, last, document.lineAt(last).text.length));
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document !== document) continue;
      editor.setDecorations(this.#approved, ranges("approve"));
      editor.setDecorations(this.#rejected, ranges("reject"));
    }
  }
}

function mark(color: string, more: vscode.DecorationRenderOptions): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderStyle: "solid",
    borderWidth: "0 0 0 3px",
    borderColor: new vscode.ThemeColor(color),
    overviewRulerColor: new vscode.ThemeColor(color),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    ...more,
  });
}

function problemsOf({ blocks }: Shown, document: vscode.TextDocument): vscode.Diagnostic[] {
  const suspicions = suspicionsOf(blocks.map(({ row }) => row));
  return [...suspicions].flatMap(([i, own]) =>
    own.map((suspicion) => {
      const { first, labelLine } = blocks[i] as Block;
      const line = isOfLabel(suspicion) ? labelLine : first;
      const range = document.lineAt(line).range;
      const problem = new vscode.Diagnostic(range, suspicionText(suspicion), severityOf(suspicion));
      problem.source = "R-Zero";
      problem.code = suspicion.kind;
      return problem;
    }),
  );
}

function isOfLabel({ kind }: Suspicion): boolean {
  return kind === "wrongLabel" || kind === "contested";
}

function severityOf({ kind }: Suspicion): vscode.DiagnosticSeverity {
  if (kind === "wrongLabel") return vscode.DiagnosticSeverity.Error;
  return kind === "contested" ? vscode.DiagnosticSeverity.Information : vscode.DiagnosticSeverity.Warning;
}
