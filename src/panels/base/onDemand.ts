import * as vscode from "vscode";
import { viewType } from "./viewType.ts";

/** The panels of one kind that are open in this window. */
export interface OpenPanels {
  /** Takes a panel over that the window brings back after a reload, with the state that its page kept. */
  restore(made: vscode.WebviewPanel, raw: unknown): void;
}

/**
 * Panels of a kind that are loaded when the first one is opened, or comes back after a reload: what makes them (contracts, pages) takes a while to
 * evaluate, and most windows open none.
 */
export function panelsOnDemand<P extends OpenPanels>(
  name: string,
  load: () => Promise<P>,
): { panels: () => Promise<P>; registered: vscode.Disposable } {
  let loading: Promise<P> | undefined;
  const panels = () => {
    loading ??= load();
    return loading;
  };
  const registered = vscode.window.registerWebviewPanelSerializer(viewType(name), {
    async deserializeWebviewPanel(made: vscode.WebviewPanel, raw: unknown) {
      (await panels()).restore(made, raw);
    },
  });
  return { panels, registered };
}
