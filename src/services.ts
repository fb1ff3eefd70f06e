import type * as vscode from "vscode";
import type { TreeLine } from "./explorer/treeModel.ts";
import type { Hosts } from "./hosts/hosts.ts";

/** What the extension's parts are made with. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly hosts: Hosts;
}

/** A command: called with a line of the explorer, or without one from the palette. */
export type Handler = (line?: TreeLine) => unknown;
