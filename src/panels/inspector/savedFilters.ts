import * as vscode from "vscode";
import * as z from "zod";
import {
  type QuestionFilter,
  type QuestionSort,
  questionFilter,
  questionSort,
} from "../../../remote-agent/src/protocol/questionQuery.ts";

const KEY = "rzero.inspector.filters";
const MOST = 100;

const savedFilters = z.array(z.object({ name: z.string(), filter: questionFilter, sort: questionSort })).max(MOST);
type SavedFilter = z.infer<typeof savedFilters>[number];

/** Asks for a name and keeps a filter under it, over windows; one of the same name is replaced. @returns whether it was kept */
export async function saveFilter(
  state: vscode.Memento,
  { filter, sort }: { filter: QuestionFilter; sort: QuestionSort },
): Promise<boolean> {
  const known = read(state);
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t("Save Filter"),
    prompt: vscode.l10n.t("A name to find it by; one of the same name is replaced."),
    validateInput: (typed) =>
      typed.trim() === "" || typed.length > 100 ? vscode.l10n.t("A name of 1 to 100 characters.") : undefined,
  });
  if (name === undefined) return false;
  // Where a run of another recipe is looked at, a place in this one means nothing.
  const { first: _, ...kept } = filter;
  const others = known.filter((other) => other.name !== name.trim());
  await state.update(KEY, [{ name: name.trim(), filter: kept, sort }, ...others].slice(0, MOST));
  return true;
}

/** Lets the person choose among the kept filters, or remove some. */
export function pickFilter(state: vscode.Memento): Promise<SavedFilter | null> {
  const remove: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("trash"),
    tooltip: vscode.l10n.t("Remove"),
  };
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { saved: SavedFilter }>();
  const show = () => {
    pick.items = read(state).map((saved) => ({
      label: saved.name,
      description: described(saved.filter),
      buttons: [remove],
      saved,
    }));
    pick.placeholder =
      pick.items.length === 0 ? vscode.l10n.t("No filter was saved yet.") : vscode.l10n.t("Choose a saved filter");
  };
  pick.title = vscode.l10n.t("Saved Filters");
  show();
  return new Promise((resolve) => {
    pick.onDidTriggerItemButton(async ({ item }) => {
      await state.update(
        KEY,
        read(state).filter(({ name }) => name !== item.saved.name),
      );
      show();
    });
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.saved ?? null);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(null);
      pick.dispose();
    });
    pick.show();
  });
}

function read(state: vscode.Memento): SavedFilter[] {
  const parsed = savedFilters.safeParse(state.get(KEY, []));
  return parsed.success ? parsed.data : [];
}

function described(filter: QuestionFilter): string {
  return Object.entries(filter)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ")
    .slice(0, 200);
}
