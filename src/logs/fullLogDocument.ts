import * as vscode from "vscode";
import * as z from "zod";
import { errorText } from "../hosts/errorText.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { AgentError } from "../link/agentError.ts";
import { oneLine } from "../oneLine.ts";
import { readWholeLog } from "./readWholeLog.ts";

const SCHEME = "rzero-log";
const asked = z.object({ host: z.string(), run: z.string(), sources: z.array(z.string()).optional() });
type Asked = z.infer<typeof asked>;

/** Logs as read-only documents: search, folding and copying are the editor's own. */
export class FullLogDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #hosts: Hosts;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  /** Read for a document that is about to be opened. */
  readonly #ready = new Map<string, string>();
  readonly #registered: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
    this.#registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  /** Shows what the logs hold by now; opened again, it is read again. */
  async show(what: Asked): Promise<void> {
    const name = `${oneLine(what.run).replaceAll("/", "_")}.log`;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${what.host}/${name}`, query: JSON.stringify(what) });
    const title = vscode.l10n.t("Reading the logs of {0}", what.run);
    const text = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (_progress, token) => this.#read(what, token),
    );
    if (text === null) return; // the person cancelled
    this.#ready.set(uri.toString(), text);
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, "log");
    const editor = await vscode.window.showTextDocument(document, { preview: true });
    const end = document.lineAt(document.lineCount - 1).range.end;
    editor.revealRange(new vscode.Range(end, end));
  }

  async provideTextDocumentContent(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const text = this.#ready.get(uri.toString());
    this.#ready.delete(uri.toString());
    return text ?? (await this.#read(asked.parse(JSON.parse(uri.query)), token)) ?? "";
  }

  /** The document's text, or a sentence that says why there is none; null when it was cancelled. */
  async #read({ host, run, sources }: Asked, token: vscode.CancellationToken): Promise<string | null> {
    const entry = this.#hosts.get(host);
    if (entry === undefined || entry.link.state.kind !== "connected") {
      return vscode.l10n.t("{0} is not connected: connect it in the R-Zero view, then open the log again.", host);
    }
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    try {
      const { text, left } = await readWholeLog(entry.link, { run, sources }, abort.signal);
      const omitted = vscode.l10n.t(
        "{0} older lines are left out here; `rzero logs {1}` on the host shows them.",
        left,
        run,
      );
      return left === 0 ? text : `${omitted}\n${text}`;
    } catch (error) {
      if (error instanceof AgentError) return error.reason === "cancelled" ? null : errorText(error, vscode.l10n);
      throw error;
    }
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }
}
