import * as vscode from "vscode";
import type { RunYamlProblem } from "../../remote-agent/src/protocol/launching.ts";

/** What a host says about a run.yaml that the schema cannot know, on its lines until the text changes. */
export class HostProblems implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("rzero.host");
  readonly #listening = vscode.workspace.onDidChangeTextDocument(({ document }) =>
    this.#collection.delete(document.uri),
  );

  show(document: vscode.TextDocument, problems: readonly RunYamlProblem[]): vscode.Diagnostic[] {
    const found = problems.map(({ line, column, message, remedy }) => {
      const at = document.validatePosition(new vscode.Position((line ?? 1) - 1, (column ?? 1) - 1));
      const range = document.getWordRangeAtPosition(at) ?? document.lineAt(at.line).range;
      const diagnostic = new vscode.Diagnostic(range, `${message} ${remedy}`, vscode.DiagnosticSeverity.Error);
      diagnostic.source = "R-Zero";
      return diagnostic;
    });
    this.#collection.set(document.uri, found);
    return found;
  }

  dispose(): void {
    this.#listening.dispose();
    this.#collection.dispose();
  }
}
