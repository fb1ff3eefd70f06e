import type * as vscode from "vscode";
import type { ComparedRuns } from "./explorer/compared.ts";
import type { TreeLine } from "./explorer/treeModel.ts";
import type { Hosts } from "./hosts/hosts.ts";
import type { Decisions } from "./review/decisions.ts";

/** What the extension's parts are made with. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly hosts: Hosts;
  /** The runs that are ticked in the explorer. */
  readonly compared: ComparedRuns;
  /** What reviewers decide here. */
  readonly decisions: Decisions;
}

/** A command: called with a line of the explorer and all that are selected there, or without from the palette. */
export type Handler = (line?: TreeLine, selected?: readonly TreeLine[]) => unknown;
