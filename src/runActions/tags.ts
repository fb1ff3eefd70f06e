import * as vscode from "vscode";
import { runTag } from "../../remote-agent/src/protocol/runActions.ts";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { author } from "../launch/author.ts";
import { persistentRequest } from "../link/persistent.ts";

/** Tags of a run, as a list with commas. */
export async function tagRun({ entry, run }: ChosenRun): Promise<void> {
  const value = await vscode.window.showInputBox({
    title: vscode.l10n.t("R-Zero: tags of {0}", run.id),
    prompt: vscode.l10n.t("Tags with commas between them; none to remove them"),
    value: (run.annotations?.tags ?? []).join(", "),
    validateInput: (text) =>
      tagsOf(text).every((tag) => runTag.safeParse(tag).success) && tagsOf(text).length <= 50
        ? null
        : vscode.l10n.t("A tag has at most 60 characters, and there are at most 50."),
  });
  if (value === undefined) return;
  await persistentRequest(entry.link, "runs/annotate", { run: run.id, tags: tagsOf(value), by: author() });
  await entry.refresh();
}

function tagsOf(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()))].filter((tag) => tag !== "");
}
