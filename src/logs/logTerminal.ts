import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { LogSession } from "./logSession.ts";
import { logWords } from "./logWords.ts";

/** Time for the terminal to draw a batch of at most 500 lines before it gets the next one. */
const BREATH_MS = 40;

export interface LogTerminalActions {
  /** Lets the person choose logs; undefined: they did not. */
  readonly choose: (now: readonly string[] | null) => Promise<readonly string[] | null | undefined>;
  readonly openFull: () => void;
}

/** A terminal that shows a run's logs. Keys: space holds the lines back, s chooses logs, o opens them as a document, q closes. */
export class LogTerminal implements vscode.Pseudoterminal {
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<void>();
  readonly #session: LogSession;
  readonly #entry: HostEntry;
  readonly #run: string;
  readonly #actions: LogTerminalActions;
  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;

  constructor(entry: HostEntry, run: string, sources: readonly string[] | null, actions: LogTerminalActions) {
    this.#entry = entry;
    this.#run = run;
    this.#actions = actions;
    this.#session = new LogSession(
      {
        link: entry.link,
        run,
        write: (text) => this.#written.fire(text),
        words: logWords(entry.name),
        clock: (t) => new Date(t).toLocaleTimeString(undefined, { hour12: false }),
        now: Date.now,
        breathe: () => delay(BREATH_MS),
      },
      sources,
    );
  }

  open(): void {
    const keys = vscode.l10n.t("space: pause or go on · s: choose logs · o: open the full log · q: close");
    this.#written.fire(`\u001b[2m${keys}\u001b[0m\r\n`);
    this.hostsChanged();
    this.#session.start();
  }

  close(): void {
    this.#session.close();
    for (const emitter of [this.#written, this.#closed]) emitter.dispose();
  }

  handleInput(data: string): void {
    if (data === " ") this.#session.togglePause();
    else if (data === "o") this.#actions.openFull();
    else if (data === "s") this.#choose();
    else if (data === "q" || data === "\u0003") this.#closed.fire();
  }

  /** The link or the run may have changed. */
  hostsChanged(): void {
    this.#session.linkChanged(this.#entry.link.state);
    if (this.#entry.model.runs?.some(({ id, live }) => id === this.#run && live)) this.#session.runIsLive();
  }

  async #choose(): Promise<void> {
    const sources = await this.#actions.choose(this.#session.sources);
    if (sources !== undefined) this.#session.choose(sources);
  }
}
