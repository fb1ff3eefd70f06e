import * as vscode from "vscode";
import type { DecisionView } from "../../remote-agent/src/protocol/review.ts";

export interface Decided {
  readonly host: string;
  readonly run: string;
  readonly decisions: readonly DecisionView[];
}

/** What is decided in this window: everything that shows a question hears of it, wherever it was decided. */
export class Decisions implements vscode.Disposable {
  readonly #made = new vscode.EventEmitter<Decided>();
  readonly onDidDecide = this.#made.event;

  tell(decided: Decided): void {
    if (decided.decisions.length > 0) this.#made.fire(decided);
  }

  dispose(): void {
    this.#made.dispose();
  }
}
