import type { CommandId } from "../ids.ts";
import type { L10n } from "../l10n.ts";

/** A line of the tree, without anything of VS Code's. */
export interface TreeLine {
  /** Stable over refreshes: what is open stays open. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** A codicon, and a theme colour where its state has one. */
  readonly icon: string;
  readonly color: string | null;
  /** For the `when` clauses of menus. */
  readonly context: string;
  /** What it is about, for commands. */
  readonly host: string;
  readonly run: string | null;
  /** Where in the run, of an iteration's, a stage's or a checkpoint's line. */
  readonly place?: { readonly iteration: number; readonly stage: string | null };
  /** Id of the checkpoint's record. */
  readonly checkpoint?: string;
  /** Episode of the alarm that it is about. */
  readonly alarm?: string;
  /** What a click on it does. */
  readonly command?: CommandId;
  /** Whether its box is ticked; absent where it has none. */
  readonly checked?: boolean;
  readonly children: readonly TreeLine[] | null;
}

export interface TreeOptions {
  /** Milliseconds since 1970, by this machine's clock. */
  readonly now: number;
  readonly l10n: L10n;
  /** What runs have to have in their names, tags, states or hosts; empty: all are shown. */
  readonly filter?: string;
  /** Whether a run is chosen for comparison. */
  readonly isChecked?: (host: string, run: string) => boolean;
}
