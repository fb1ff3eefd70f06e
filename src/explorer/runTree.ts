import * as vscode from "vscode";
import type { HostModel } from "../hosts/hostModel.ts";
import { type TreeLine, treeOf } from "./treeModel.ts";

const REDRAW_MS = 250;

/** The tree of hosts and runs. It is drawn at most four times a second, however fast records arrive. */
export class RunTree implements vscode.TreeDataProvider<TreeLine>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #hosts: () => readonly HostModel[];
  #due: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(hosts: () => readonly HostModel[]) {
    this.#hosts = hosts;
  }

  redraw(): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#changed.fire(undefined);
      // A countdown is the only thing that changes by itself.
      if (this.#hosts().some(({ link }) => link.kind === "waiting")) setTimeout(() => this.redraw(), 1000 - REDRAW_MS);
    }, REDRAW_MS);
  }

  getChildren(line?: TreeLine): TreeLine[] {
    return line === undefined ? treeOf(this.#hosts(), Date.now()) : [...(line.children ?? [])];
  }

  getParent(line: TreeLine): TreeLine | undefined {
    const above = (lines: readonly TreeLine[]): TreeLine | undefined => {
      for (const candidate of lines) {
        if (candidate.children?.some(({ id }) => id === line.id)) return candidate;
        const found = above(candidate.children ?? []);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return above(this.getChildren());
  }

  /** The line of a run; undefined while it is not known of. */
  runLine(host: string, run: string): TreeLine | undefined {
    return this.getChildren()
      .flatMap(({ children }) => children ?? [])
      .find((line) => line.host === host && line.run === run);
  }

  getTreeItem(line: TreeLine): vscode.TreeItem {
    const item = new vscode.TreeItem(
      line.label,
      line.children === null || line.children.length === 0
        ? vscode.TreeItemCollapsibleState.None
        : line.context.startsWith("host")
          ? vscode.TreeItemCollapsibleState.Expanded
          : vscode.TreeItemCollapsibleState.Collapsed,
    );
    // VS Code keeps a line closed that once had nothing to open: with its first children a host is a new line, an open one.
    item.id = item.collapsibleState === vscode.TreeItemCollapsibleState.Expanded ? `${line.id}/open` : line.id;
    item.description = line.description;
    item.tooltip = line.tooltip;
    item.contextValue = line.context;
    item.iconPath = new vscode.ThemeIcon(
      line.icon,
      line.color === null ? undefined : new vscode.ThemeColor(line.color),
    );
    item.accessibilityInformation = { label: [line.label, line.description].filter((part) => part !== "").join(", ") };
    return item;
  }

  dispose(): void {
    clearTimeout(this.#due);
    this.#changed.dispose();
  }
}
