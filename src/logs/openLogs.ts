import * as vscode from "vscode";
import { z } from "zod";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { oneLine } from "../oneLine.ts";
import { LogTerminal, type LogTerminalActions } from "./logTerminal.ts";

const KEY = "rzero.logs.open";

const followed = z.array(
  z.object({
    host: z.string(),
    run: z.string(),
    name: z.string(),
    /** Whether it was the terminal in front. */
    front: z.boolean(),
  }),
);
type Followed = z.infer<typeof followed>[number];

/** The terminals that follow logs in this window. VS Code forgets them with the window, so those that the person left open come back. */
export class OpenLogs implements vscode.Disposable {
  readonly #hosts: Hosts;
  readonly #state: vscode.Memento;
  readonly #actions: (host: string, run: string) => LogTerminalActions;
  readonly #open = new Map<string, Followed & { terminal: vscode.Terminal; logs: LogTerminal }>();
  readonly #listening: vscode.Disposable[];

  constructor(hosts: Hosts, state: vscode.Memento, actions: (host: string, run: string) => LogTerminalActions) {
    this.#hosts = hosts;
    this.#state = state;
    this.#actions = actions;
    this.#listening = [
      hosts.onDidChange(() => {
        for (const { logs } of this.#open.values()) logs.hostsChanged();
      }),
      vscode.window.onDidCloseTerminal((terminal) => {
        // A window that goes away closes its terminals, too: these come back with it.
        if (terminal.exitStatus?.reason === vscode.TerminalExitReason.Shutdown) return;
        for (const [key, open] of this.#open) if (open.terminal === terminal) this.#open.delete(key);
        this.#remember();
      }),
      vscode.window.onDidChangeActiveTerminal(() => this.#remember()),
    ];
  }

  /** Opens the logs that were followed when the window went away; the keyboard stays where it is. */
  restore(): void {
    const parsed = followed.safeParse(this.#state.get(KEY, []));
    for (const { host, run, name, front } of parsed.success ? parsed.data : []) {
      const entry = this.#hosts.get(host);
      if (entry !== undefined) this.#make(entry, run, name, front);
    }
  }

  show(entry: HostEntry, run: string, name: string): void {
    const known = this.#open.get(`${entry.id}/${run}`);
    (known?.terminal ?? this.#make(entry, run, name, true)).show();
    this.#remember();
  }

  dispose(): void {
    for (const one of this.#listening) one.dispose();
  }

  #make(entry: HostEntry, run: string, name: string, front: boolean): vscode.Terminal {
    const logs = new LogTerminal(entry, run, null, this.#actions(entry.id, run));
    const terminal = vscode.window.createTerminal({
      name: vscode.l10n.t("Logs: {0}", oneLine(name)),
      iconPath: new vscode.ThemeIcon("output"),
      pty: logs,
    });
    this.#open.set(`${entry.id}/${run}`, { host: entry.id, run, name, front, terminal, logs });
    if (front) terminal.show(true);
    return terminal;
  }

  #remember(): void {
    const { activeTerminal } = vscode.window;
    const now = [...this.#open.values()].map(({ host, run, name, terminal }) => {
      return { host, run, name, front: terminal === activeTerminal } satisfies Followed;
    });
    this.#state.update(KEY, now).then(undefined, () => undefined); // it is written again with the next change
  }
}
