import path from "node:path";
import * as vscode from "vscode";
import type { Services } from "../services.ts";
import { ToldOnce } from "./toldOnce.ts";

/** What the windows of this editor tell, each thing once. */
export function toldOnce({ context, log }: Pick<Services, "context" | "log">): ToldOnce {
  return new ToldOnce({
    folder: path.join(context.globalStorageUri.fsPath, "told"),
    isFocused: () => vscode.window.state.focused,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onTrouble: (error) => log.warn(`What was told cannot be remembered: ${error}`),
  });
}
