import * as vscode from "vscode";
import { HostEntry } from "./hostEntry.ts";
import { LOCAL } from "./localHost.ts";

const HOSTS_KEY = "rzero.explorer.hosts";

/** The hosts that the person added, each with its link and its runs; they are remembered over windows. */
export class Hosts implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #entries = new Map<string, HostEntry>();
  readonly #changed = new vscode.EventEmitter<void>();
  /** A host came or went, its link changed, or something about its runs is new. May come often: draw with a limit. */
  readonly onDidChange = this.#changed.event;
  readonly #reveal = new vscode.EventEmitter<{ host: string; run: string }>();
  /** A run should be shown where runs are listed. */
  readonly onDidAskToReveal = this.#reveal.event;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    for (const id of context.globalState.get<string[]>(HOSTS_KEY, [])) this.#enter(id);
  }

  get all(): readonly HostEntry[] {
    return [...this.#entries.values()];
  }

  get(id: string): HostEntry | undefined {
    return this.#entries.get(id);
  }

  /** Takes a host in and remembers it; one that is there already is left as it is. `null` is this machine. */
  async add(alias: string | null): Promise<HostEntry> {
    const entry = this.#enter(alias ?? LOCAL);
    await this.#remember();
    return entry;
  }

  /** Takes a host off the list; what lies on it stays there. */
  async forget(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    await entry.dispose();
    await this.#remember();
    this.#changed.fire();
  }

  reveal(host: string, run: string): void {
    this.#reveal.fire({ host, run });
  }

  async refresh(): Promise<void> {
    await Promise.all(this.all.map((entry) => entry.refresh()));
  }

  dispose(): void {
    for (const entry of this.#entries.values()) entry.dispose();
    this.#changed.dispose();
    this.#reveal.dispose();
  }

  #enter(id: string): HostEntry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const host = { id, name: id === LOCAL ? vscode.l10n.t("This machine") : id };
    const entry = new HostEntry(
      host,
      {
        attach: async (onStep, signal) => {
          const { attachTo } = await import("./attach.ts"); // with everything of SSH, which takes a while to evaluate
          return attachTo(host, this.#context, this.#log, onStep, signal);
        },
        now: Date.now,
        random: Math.random,
      },
      {
        changed: () => this.#changed.fire(),
        error: (error) => this.#log.warn(`${host.name}: ${error.message}`),
      },
    );
    this.#entries.set(id, entry);
    this.#changed.fire();
    return entry;
  }

  async #remember(): Promise<void> {
    await this.#context.globalState.update(HOSTS_KEY, [...this.#entries.keys()]);
  }
}
