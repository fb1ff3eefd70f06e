import * as vscode from "vscode";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { author } from "../launch/author.ts";
import { persistentRequest } from "../link/persistent.ts";
import type { Services } from "../services.ts";

const SCHEME = "rzero-notes";

/** Notes of runs as Markdown documents; saving one writes it beside the run, whoever wrote last wins. */
export class NotesDocuments implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #services: Services;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #registered: vscode.Disposable;
  readonly onDidChangeFile = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    this.#registered = vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true });
  }

  async show({ entry, run }: ChosenRun): Promise<void> {
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: `/${run.id} notes.md`,
      query: JSON.stringify([entry.id, run.id]),
    });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes, at } = await this.#read(uri);
    return { type: vscode.FileType.File, ctime: at, mtime: at, size: bytes.byteLength };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.#read(uri)).bytes;
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const { entry, run } = this.#placeOf(uri);
    const notes = new TextDecoder().decode(content);
    if (notes.length > 100_000)
      throw vscode.FileSystemError.NoPermissions(vscode.l10n.t("Notes have at most 100,000 characters."));
    await persistentRequest(entry.link, "runs/annotate", { run, notes, by: author() });
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
    await entry.refresh();
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }

  async #read(uri: vscode.Uri): Promise<{ bytes: Uint8Array; at: number }> {
    const { entry, run } = this.#placeOf(uri);
    const { annotations } = await persistentRequest(entry.link, "runs/annotations", { run });
    const at = annotations === null ? 0 : Date.parse(annotations.at);
    return { bytes: new TextEncoder().encode(annotations?.notes ?? ""), at: Number.isNaN(at) ? 0 : at };
  }

  #placeOf(uri: vscode.Uri) {
    const [host, run] = JSON.parse(uri.query) as [string, string];
    const entry = this.#services.hosts.get(host);
    if (entry === undefined) throw vscode.FileSystemError.Unavailable(uri);
    return { entry, run };
  }
}
