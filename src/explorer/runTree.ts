import * as vscode from "vscode";
import { SteadyLines } from "./steadyLines.ts";
import type { TreeLine } from "./treeModel.ts";

const REDRAW_MS = 250;
/** A countdown, the age of the last event and the time left change by themselves. */
const BY_ITSELF_MS = { counting: 1000, ageing: 10_000 };

/** The tree of hosts and runs. It is drawn at most four times a second, however fast records arrive. */
export class RunTree implements vscode.TreeDataProvider<TreeLine>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<TreeLine[] | undefined>();
  readonly #lines: () => TreeLine[];
  readonly #steady = new SteadyLines();
  #due: NodeJS.Timeout | undefined;
  #ageing: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(lines: () => TreeLine[]) {
    this.#lines = lines;
  }

  redraw(): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#draw();
    }, REDRAW_MS);
  }

  #draw(): void {
    const changed = this.#take();
    if (changed === null) this.#changed.fire(undefined);
    else if (changed.length > 0) this.#changed.fire([...changed]);
  }

  getChildren(line?: TreeLine): TreeLine[] {
    if (line !== undefined) return [...(line.children ?? [])];
    this.#take();
    return [...this.#steady.roots];
  }

  #take(): readonly TreeLine[] | null {
    const changed = this.#steady.take(this.#lines());
    const { roots } = this.#steady;
    clearTimeout(this.#ageing);
    const counting = roots.some(({ icon }) => icon === "vm-connect");
    if (roots.length > 0)
      this.#ageing = setTimeout(() => this.redraw(), counting ? BY_ITSELF_MS.counting : BY_ITSELF_MS.ageing);
    return changed;
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
    return above(this.#steady.roots);
  }

  /** The line of a run; undefined while it is not known of. */
  runLine(host: string, run: string): TreeLine | undefined {
    this.#draw();
    return this.#steady.roots
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
    if (line.command !== undefined) item.command = { command: line.command, title: line.label, arguments: [line] };
    if (line.checked !== undefined) {
      item.checkboxState = {
        state: line.checked ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked,
        tooltip: vscode.l10n.t("Compare"),
        accessibilityInformation: { label: vscode.l10n.t("Compare {0}", line.label) },
      };
    }
    return item;
  }

  dispose(): void {
    clearTimeout(this.#due);
    clearTimeout(this.#ageing);
    this.#changed.dispose();
  }
}
