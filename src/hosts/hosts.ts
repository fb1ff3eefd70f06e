import * as vscode from "vscode";
import type { KnownDeployment } from "../deploy/knownDeployment.ts";
import { errorText } from "./errorText.ts";
import { HostEntry } from "./hostEntry.ts";
import { LOCAL } from "./localHost.ts";

const HOSTS_KEY = "rzero.explorer.hosts";
/** Of this workspace: hosts that are connected, or were when its window went away. */
const CONNECTED_KEY = "rzero.explorer.connected";

/** The hosts that the person added, each with its link and its runs; they are remembered over windows. */
export class Hosts implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #entries = new Map<string, HostEntry>();
  readonly #changed = new vscode.EventEmitter<void>();
  /** A host came or went, its link changed, or something about its runs is new. May come often: draw with a limit. */
  readonly onDidChange = this.#changed.event;
  readonly #reveal = new vscode.EventEmitter<{ host: string; run: string }>();
  /** A run should be shown where runs are listed; the keyboard stays where it is. */
  readonly onDidAskToReveal = this.#reveal.event;

  readonly #connected: Set<string>;
  /** Hosts that are being connected without asking the person anything. */
  readonly #quiet = new Set<string>();

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    for (const id of context.globalState.get<string[]>(HOSTS_KEY, [])) this.#enter(id);
    this.#connected = new Set(context.workspaceState.get<string[]>(CONNECTED_KEY, []));
  }

  /**
   * Connects again what was connected when this window was closed or reloaded, as far as that goes by itself: where a passphrase, a code
   * or a yes is needed, the host waits for the person to connect it.
   */
  restore(): void {
    for (const id of this.#connected) {
      const entry = this.#entries.get(id);
      if (entry === undefined || entry.link.state.kind !== "idle") continue;
      this.#quiet.add(id);
      entry.link.connect();
    }
  }

  /** Lets go of a host, also in the windows to come. */
  async disconnect(id: string): Promise<void> {
    await this.#entries.get(id)?.link.close();
    await this.#connectedIs(id, false);
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
    await this.#connectedIs(id, false);
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
    let deployment: KnownDeployment | undefined;
    const entry: HostEntry = new HostEntry(
      host,
      {
        attach: async (onStep, signal) => {
          const { attachTo, newDeployment } = await import("./attach.ts"); // with everything of SSH, which takes a while to evaluate
          deployment ??= newDeployment();
          const instead = () => {
            this.#log.info(`${host.name} needs a person to be connected.`);
            this.#quiet.delete(id);
            entry.link.close();
          };
          const quiet = this.#quiet.has(id) ? { instead } : {};
          return attachTo(host, deployment, onStep, { context: this.#context, log: this.#log, signal, ...quiet });
        },
        now: Date.now,
        random: Math.random,
        words: (error) => errorText(error, vscode.l10n),
      },
      {
        changed: () => {
          if (entry.link.state.kind === "connected") {
            this.#quiet.delete(id);
            this.#connectedIs(id, true);
          }
          this.#changed.fire();
        },
        error: (error) => this.#log.warn(`${host.name}: ${error.message}`),
      },
    );
    this.#entries.set(id, entry);
    this.#changed.fire();
    return entry;
  }

  async #connectedIs(id: string, connected: boolean): Promise<void> {
    if (this.#connected.has(id) === connected) return;
    if (connected) this.#connected.add(id);
    else this.#connected.delete(id);
    await this.#context.workspaceState.update(CONNECTED_KEY, [...this.#connected]);
  }

  async #remember(): Promise<void> {
    await this.#context.globalState.update(HOSTS_KEY, [...this.#entries.keys()]);
  }
}
