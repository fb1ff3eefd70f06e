import * as vscode from "vscode";

const KEY = "rzero.launch.hosts";

/** Opens a run.yaml that nobody has saved, under a name that is free, for the person to review. */
export async function openRunYaml(name: string, text: string): Promise<vscode.TextDocument> {
  const taken = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.path));
  const slug = name.replace(/[^\w.-]+/g, "-") || "run";
  let path = `${slug}.run.yaml`;
  for (let n = 2; taken.has(path); n++) path = `${slug}-${n}.run.yaml`;
  const uri = vscode.Uri.from({ scheme: "untitled", path });
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
  const shown = await vscode.languages.setTextDocumentLanguage(document, "yaml").then(
    (done) => done,
    () => document, // no YAML in this editor: the text is the same
  );
  await vscode.window.showTextDocument(shown, { preview: false });
  return shown;
}

/** Which host a document is meant for; only a suggestion, which the confirmation shows. */
export class DocumentHosts {
  readonly #state: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  get(uri: vscode.Uri): string | undefined {
    return this.#all[uri.toString()];
  }

  async set(uri: vscode.Uri, host: string): Promise<void> {
    await this.#state.update(KEY, { ...this.#all, [uri.toString()]: host });
    this.#changed.fire();
  }

  get #all(): Record<string, string> {
    return this.#state.get<Record<string, string>>(KEY, {});
  }
}
