import * as vscode from "vscode";
import type { Hosts } from "../hosts/hosts.ts";
import { persistentRequest } from "../link/persistent.ts";

const SCHEME = "rzero-config";

interface Place {
  readonly host: string;
  readonly run: string;
}

/** Configurations of runs as documents that cannot be edited: one run's, or what differs between two. */
export class ConfigDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #hosts: Hosts;
  readonly #registered: vscode.Disposable;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
    this.#registered = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  uriOf(place: Place): vscode.Uri {
    return vscode.Uri.from({ scheme: SCHEME, path: `/${place.run}.yaml`, query: JSON.stringify([place]) });
  }

  differencesOf(a: Place, b: Place): vscode.Uri {
    return vscode.Uri.from({ scheme: SCHEME, path: `/${a.run} ↔ ${b.run}.yaml`, query: JSON.stringify([a, b]) });
  }

  /** A document that was open before has what is true now. */
  renew(...uris: readonly vscode.Uri[]): void {
    for (const uri of uris) this.#changed.fire(uri);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const [a, b] = JSON.parse(uri.query) as [Place, Place?];
    const first = await this.#configOf(a);
    if (b === undefined) return first;
    const { differencesText } = await import("./differences.ts");
    return differencesText({ name: a.run, text: first }, { name: b.run, text: await this.#configOf(b) });
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }

  async #configOf({ host, run }: Place): Promise<string> {
    const entry = this.#hosts.get(host);
    if (entry === undefined) throw new Error(vscode.l10n.t("The host {0} is not in your list any more.", host));
    return (await persistentRequest(entry.link, "runs/config", { run })).text;
  }
}
