import * as vscode from "vscode";
import type { Offer } from "./completion.ts";
import type { RunYamlDiagnostic } from "./diagnostics.ts";
import { doubtSentence, schemaWords } from "./words.ts";

/** Files that are a run.yaml by their name, wherever they lie; a document that was never saved has its name, too. */
export const runYamlDocuments: vscode.DocumentSelector = { language: "yaml", pattern: "**/{run.yaml,*.run.yaml}" };

/** Typing is not interrupted by every stroke's mistakes. */
const QUIET_MS = 250;

/** What is wrong in a document, on its lines. */
export async function runYamlDiagnostics(document: vscode.TextDocument): Promise<vscode.Diagnostic[]> {
  const { diagnosticsOf } = await import("./diagnostics.ts");
  return diagnosticsOf(document.getText(), doubtSentence).map((found) => diagnostic(document, found));
}

/** Completion, hovers and diagnostics for every run.yaml that is open. What knows YAML and the settings is loaded with the first one. */
export function provideRunYaml(): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection("rzero");
  const due = new Map<string, NodeJS.Timeout>();
  const look = (document: vscode.TextDocument, wait: number) => {
    if (vscode.languages.match(runYamlDocuments, document) === 0) return;
    const key = document.uri.toString();
    clearTimeout(due.get(key));
    const say = async () => {
      due.delete(key);
      const found = await runYamlDiagnostics(document);
      if (!document.isClosed) collection.set(document.uri, found);
    };
    due.set(key, setTimeout(say, wait));
  };
  for (const document of vscode.workspace.textDocuments) look(document, 0);
  return vscode.Disposable.from(
    collection,
    vscode.workspace.onDidOpenTextDocument((document) => look(document, 0)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => look(document, QUIET_MS)),
    vscode.workspace.onDidCloseTextDocument((document) => collection.delete(document.uri)),
    vscode.languages.registerCompletionItemProvider(
      runYamlDocuments,
      {
        async provideCompletionItems(document, position) {
          const { completionsAt } = await import("./completion.ts");
          const offers = completionsAt(document.getText(), document.offsetAt(position), schemaWords());
          return offers.map((offer, i) => completionItem(document, offer, i));
        },
      },
      " ",
      "\n",
    ),
    vscode.languages.registerHoverProvider(runYamlDocuments, {
      async provideHover(document, position) {
        const { hoverAt } = await import("./hover.ts");
        const hover = hoverAt(document.getText(), document.offsetAt(position), schemaWords());
        return hover && new vscode.Hover(new vscode.MarkdownString(hover.markdown), rangeOf(document, hover));
      },
    }),
    { dispose: () => [...due.values()].forEach(clearTimeout) },
  );
}

function completionItem(document: vscode.TextDocument, offer: Offer, order: number): vscode.CompletionItem {
  const kinds = {
    group: vscode.CompletionItemKind.Module,
    setting: vscode.CompletionItemKind.Property,
    value: vscode.CompletionItemKind.EnumMember,
  };
  const item = new vscode.CompletionItem({ label: offer.label, description: offer.detail }, kinds[offer.kind]);
  item.insertText = new vscode.SnippetString(offer.insert);
  item.range = rangeOf(document, offer);
  item.sortText = String(order).padStart(3, "0"); // the order of the schema, which is that of the run
  if (offer.documentation !== null) item.documentation = new vscode.MarkdownString(offer.documentation);
  return item;
}

function diagnostic(document: vscode.TextDocument, { from, to, severity, message }: RunYamlDiagnostic) {
  const found = new vscode.Diagnostic(
    rangeOf(document, { from, to }),
    message,
    severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  found.source = "R-Zero";
  return found;
}

function rangeOf(document: vscode.TextDocument, { from, to }: { from: number; to: number }): vscode.Range {
  return new vscode.Range(document.positionAt(from), document.positionAt(to));
}
