import * as vscode from "vscode";
import { isBehind } from "../../../remote-agent/src/protocol/behind.ts";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { HostLink } from "../../link/hostLink.ts";

const SHOWN = 100;
const TYPED_MS = 250;
const BEHIND_MS = 500;
const LIMIT_MS = 60_000;
const CHARS = 200;

/**
 * Lets the person choose a question of a run; what they type is searched by the agent, in questions and answers.
 * @throws AgentError when the questions cannot be had
 */
export async function pickQuestion(
  link: Pick<HostLink, "request">,
  run: string,
  title: string,
): Promise<QuestionRow | undefined> {
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { row: QuestionRow }>();
  pick.title = title;
  pick.placeholder = vscode.l10n.t("Search questions and answers");
  pick.matchOnDescription = true;
  let abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return new Promise((resolve, reject) => {
    const search = async (typed: string, isAgain = false) => {
      abort.abort();
      abort = new AbortController();
      const { signal } = abort;
      pick.busy = true;
      try {
        const text = typed.trim();
        const query = { filter: { valid: true, ...(text === "" ? {} : { text }) }, limit: SHOWN };
        const page = await link.request("runs/questions", { run, query }, { signal, limitMs: LIMIT_MS });
        if (signal.aborted) return;
        const active = pick.activeItems[0]?.row.id;
        // What the agent found is shown, whatever the editor's own matching says.
        pick.items = page.rows.map((row) => ({ ...itemOf(row), alwaysShow: true, row }));
        pick.activeItems = pick.items.filter(({ row }) => isAgain && row.id === active);
        pick.busy = isBehind(page.index);
        if (pick.busy) timer = setTimeout(() => void search(typed, true), BEHIND_MS); // there may be more of them
      } catch (error) {
        if (signal.aborted) return;
        reject(error);
        pick.hide();
      }
    };
    pick.onDidChangeValue((typed) => {
      clearTimeout(timer);
      timer = setTimeout(() => void search(typed), TYPED_MS);
    });
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.row);
      pick.hide();
    });
    pick.onDidHide(() => {
      clearTimeout(timer);
      abort.abort();
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
    void search("");
  });
}

function itemOf({ text, label, iteration, stage, share }: QuestionRow): vscode.QuickPickItem {
  const oneLine = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").slice(0, CHARS);
  const majority = share === null || label === null ? "" : `${label.slice(0, 40)}, ${(100 * share).toFixed(0)} %`;
  const place = vscode.l10n.t("iteration {0}, {1}", iteration, stage);
  // A label would show what stands between $( and ) as an icon.
  return { label: oneLine.replaceAll("$(", "$\u200b("), description: [majority, place].filter(Boolean).join(" · ") };
}
