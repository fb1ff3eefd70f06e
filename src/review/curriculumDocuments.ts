import * as vscode from "vscode";
import type { DecisionView } from "../../remote-agent/src/protocol/review.ts";
import { errorText } from "../hosts/errorText.ts";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { type Address, addressOf, pathOf, queryOf, SCHEME } from "./curriculumAddress.ts";
import { CurriculumSession, curriculumFilter, readWholeRows } from "./curriculumSession.ts";
import { type Block, comparableText, curriculumText } from "./curriculumText.ts";
import { questionText } from "./questionText.ts";
import { curriculumWords, questionWords } from "./reviewWords.ts";

/** Enough for every curriculum that anybody compares; more would make the editor slow. */
const MOST_COMPARED = 10_000;
/** While the agent still reads the run. */
const AGAIN_MS = 500;
/** Decisions of others that follow each other faster are read together. */
const OTHERS_MS = 300;

type CurriculumAddress = Extract<Address, { what: "curriculum" }>;

/** An open curriculum: what its text says, line by line. */
export interface Shown {
  readonly uri: vscode.Uri;
  readonly address: CurriculumAddress;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly moreLine: number | null;
}

interface Open {
  readonly session: CurriculumSession;
  shown: Shown | null;
  timer: NodeJS.Timeout | undefined;
}

export function uriOf(what: Address): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: pathOf(what), query: queryOf(what) });
}

/** Curricula and single questions as read-only documents. All that they show comes from the agent, also after a reload. */
export class CurriculumDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #hosts: Hosts;
  readonly #log: vscode.LogOutputChannel;
  readonly #open = new Map<string, Open>();
  /** Documents that wait for their host. */
  readonly #waiting = new Set<string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registered: vscode.Disposable;

  constructor(hosts: Hosts, log: vscode.LogOutputChannel) {
    this.#hosts = hosts;
    this.#log = log;
    this.#registered = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidOpenTextDocument(({ uri }) => this.#opened(uri)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#close(uri)),
      hosts.onDidChange(() => this.#retry()),
    );
  }

  /** What a document shows; undefined while its text in the editor is another one. */
  shown(document: vscode.TextDocument): Shown | undefined {
    const shown = this.#open.get(document.uri.toString())?.shown;
    return shown != null && document.getText() === shown.text ? shown : undefined;
  }

  entryOf({ host }: Pick<Address, "host">): HostEntry | undefined {
    return this.#hosts.get(host);
  }

  async provideTextDocumentContent(uri: vscode.Uri, token?: vscode.CancellationToken): Promise<string> {
    const address = addressOf(uri.query);
    if (address === null) return vscode.l10n.t("This is no curriculum that this version of R-Zero can show.");
    const entry = this.entryOf(address);
    if (entry === undefined)
      return vscode.l10n.t(
        "The host {0} is not in the R-Zero view any more: add it, then open this again.",
        address.host,
      );
    if (entry.link.state.kind !== "connected") {
      this.#waiting.add(uri.toString());
      if (entry.link.state.kind === "idle") entry.link.connect();
      return vscode.l10n.t("Waiting for the connection to {0}…", entry.name);
    }
    this.#waiting.delete(uri.toString());
    try {
      return await this.#text(uri, address, entry, token);
    } catch (error) {
      const message = errorText(error, vscode.l10n);
      this.#log.error(`${entry.name}: ${message}`);
      return message;
    }
  }

  /** Shows the next questions, too. */
  more(uri: vscode.Uri): void {
    const open = this.#open.get(uri.toString());
    open?.session.more();
    this.#changed.fire(uri);
  }

  /** Reads a document again. */
  reload(uri: vscode.Uri): void {
    const open = this.#open.get(uri.toString());
    if (open === undefined) return;
    this.#readAgain(uri, open, OTHERS_MS);
  }

  /** Takes in what was decided, in every document that shows it. */
  apply(host: string, run: string, decisions: readonly DecisionView[]): void {
    for (const [key, open] of this.#open) {
      const uri = vscode.Uri.parse(key, true);
      const { shown, session } = open;
      if (shown?.address.host !== host || session.run !== run || !session.apply(decisions)) continue;
      this.#changed.fire(uri);
    }
  }

  dispose(): void {
    for (const { session, timer } of this.#open.values()) {
      clearTimeout(timer);
      session.close();
    }
    this.#open.clear();
    this.#registered.dispose();
    this.#changed.dispose();
  }

  async #text(
    uri: vscode.Uri,
    address: Address,
    entry: HostEntry,
    token: vscode.CancellationToken | undefined,
  ): Promise<string> {
    const { link } = entry;
    if (address.what === "question") {
      const view = await link.request("runs/question", { run: address.run, id: address.id }, { limitMs: 60_000 });
      return questionText(view, questionWords());
    }
    if (address.what === "comparable") {
      const abort = new AbortController();
      token?.onCancellationRequested(() => abort.abort());
      const filter = curriculumFilter(address.iteration);
      return comparableText(await readWholeRows(link, address.run, filter, MOST_COMPARED, abort.signal));
    }
    const key = uri.toString();
    const open: Open = this.#open.get(key) ?? {
      session: new CurriculumSession(address.run, address.iteration),
      shown: null,
      timer: undefined,
    };
    this.#open.set(key, open);
    await open.session.load(link, () => this.reload(uri));
    if (open.session.isBehind && this.#open.get(key) === open) this.#readAgain(uri, open, AGAIN_MS);
    return this.#render(uri, open, address);
  }

  #readAgain(uri: vscode.Uri, open: Open, afterMs: number): void {
    clearTimeout(open.timer);
    open.timer = setTimeout(() => {
      open.session.outdate();
      this.#changed.fire(uri);
    }, afterMs);
  }

  #render(uri: vscode.Uri, open: Open, address: CurriculumAddress): string {
    const { rows, total, isBehind } = open.session;
    const name = this.entryOf(address)?.model.runs?.find(({ id }) => id === address.run)?.name ?? address.run;
    const { text, blocks, moreLine } = curriculumText(
      titleOf(address.iteration, name, open.session),
      rows,
      total,
      curriculumWords(isBehind),
    );
    open.shown = { uri, address, text, blocks, moreLine };
    return text;
  }

  /** VS Code hears of changes only of documents that are open: what has changed since its text was made comes now. */
  #opened(uri: vscode.Uri): void {
    if (this.#open.get(uri.toString())?.shown != null) this.#changed.fire(uri);
    this.#retry();
  }

  #close(uri: vscode.Uri): void {
    const open = this.#open.get(uri.toString());
    clearTimeout(open?.timer);
    open?.session.close();
    this.#open.delete(uri.toString());
    this.#waiting.delete(uri.toString());
  }

  /** Documents that were opened before their host was connected. */
  #retry(): void {
    for (const key of [...this.#waiting]) {
      const uri = vscode.Uri.parse(key, true);
      const address = addressOf(uri.query);
      if (address === null || this.entryOf(address)?.link.state.kind !== "connected") continue;
      if (!vscode.workspace.textDocuments.some((document) => document.uri.toString() === key)) continue;
      this.#waiting.delete(key);
      this.#open.get(key)?.session.outdate();
      this.#changed.fire(uri);
    }
  }
}

/** Only of a run that is read to its end is it known how many there are. */
function titleOf(iteration: number, run: string, { total, index, isBehind }: CurriculumSession): string {
  if (isBehind)
    return vscode.l10n.t("Curriculum of iteration {0} of {1} (the run is still being read)", iteration, run);
  const title = vscode.l10n.t("Curriculum of iteration {0} of {1}: {2} questions", iteration, run, total);
  return index?.problem == null ? title : `${title}. ${index.problem}`;
}
