import * as vscode from "vscode";
import * as z from "zod";
import { addressOf, SCHEME } from "./curriculumAddress.ts";

const OPEN_KEY = "rzero.review.open";
const remembered = z.array(z.object({ uri: z.string(), column: z.int().positive(), active: z.boolean() }));

/**
 * VS Code does not reopen documents of providers after a reload, so the open curricula of a window are remembered here and shown again. Only
 * where they stood is kept: what they say comes from the agent.
 */
export function reopenCurricula(
  { workspaceState }: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const before = remembered.safeParse(workspaceState.get(OPEN_KEY));
  const listening = vscode.window.tabGroups.onDidChangeTabs(() => remember());
  reopen(before.success ? before.data : []).catch((error: unknown) => {
    log.warn(`The curricula that were open could not be shown again: ${error}`);
  });
  return listening;

  function remember(): void {
    const open = vscode.window.tabGroups.all.flatMap(({ tabs, viewColumn }) =>
      tabs.flatMap(({ input, isActive }) =>
        input instanceof vscode.TabInputText && input.uri.scheme === SCHEME
          ? [{ uri: input.uri.toString(), column: viewColumn, active: isActive }]
          : [],
      ),
    );
    workspaceState.update(OPEN_KEY, open).then(undefined, (error: unknown) => {
      log.warn(`The open curricula cannot be remembered: ${error}`);
    });
  }
}

async function reopen(tabs: z.infer<typeof remembered>): Promise<void> {
  // What was in front is shown last.
  for (const { uri: text, column } of [...tabs].sort((a, b) => Number(a.active) - Number(b.active))) {
    const uri = vscode.Uri.parse(text, true);
    if (addressOf(uri.query) === null) continue;
    const document = await vscode.workspace.openTextDocument(uri);
    // The keyboard stays where it is: the person may have begun to type elsewhere.
    await vscode.window.showTextDocument(document, { viewColumn: column, preview: false, preserveFocus: true });
  }
}
