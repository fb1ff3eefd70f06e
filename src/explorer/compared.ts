import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import type { Hosts } from "../hosts/hosts.ts";

const CONTEXT = "rzero.compared";

/** The runs whose boxes are ticked in the explorer: charts lay them over each other, comparisons take them. */
export class ComparedRuns implements vscode.Disposable {
  readonly #hosts: Hosts;
  readonly #keys = new Set<string>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  has(host: string, run: string): boolean {
    return this.#keys.has(`${host}/${run}`);
  }

  set(host: string, run: string, ticked: boolean): void {
    const key = `${host}/${run}`;
    if (ticked === this.#keys.has(key)) return;
    if (ticked) this.#keys.add(key);
    else this.#keys.delete(key);
    vscode.commands.executeCommand("setContext", CONTEXT, this.#keys.size);
    this.#changed.fire();
  }

  /** Those that are still there, in the explorer's order. */
  get all(): { entry: HostEntry; run: RunModel }[] {
    return this.#hosts.all.flatMap((entry) =>
      (entry.model.runs ?? []).filter(({ id }) => this.has(entry.id, id)).map((run) => ({ entry, run })),
    );
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
