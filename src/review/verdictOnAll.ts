import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { DecisionView, Verdict } from "../../remote-agent/src/protocol/review.ts";
import type { HostLink } from "../link/hostLink.ts";
import { withProgress } from "../withProgress.ts";
import { commandsOf } from "./bulk.ts";

const DECIDE_MS = 120_000;

/**
 * Gives many questions one verdict, after a confirmation that says how many; can be cancelled, and what is recorded then stays.
 * @returns how many, or null when the person thought better of it. @throws AgentError
 */
export async function verdictOnAll(
  { link, run }: { link: Pick<HostLink, "request">; run: string },
  verdict: Verdict,
  tasks: readonly string[],
  onDecided: (decisions: readonly DecisionView[]) => void = () => undefined,
): Promise<number | null> {
  if (tasks.length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t("There is no undecided question of this kind."));
    return null;
  }
  const yes = verdict === "approve" ? vscode.l10n.t("Approve") : vscode.l10n.t("Reject");
  const asked =
    verdict === "approve"
      ? vscode.l10n.t("Approve {0} questions?", tasks.length)
      : vscode.l10n.t("Reject {0} questions?", tasks.length);
  const detail = vscode.l10n.t("What somebody has decided on stays. Each can be undone.");
  if ((await vscode.window.showWarningMessage(asked, { modal: true, detail }, yes)) !== yes) return null;
  return withProgress(vscode.l10n.t("Recording decisions"), async (report, signal) => {
    let done = 0;
    const batches = commandsOf(verdict, tasks);
    for (const changes of batches) {
      if (signal.aborted) break;
      const params = { run, command: randomUUID(), by: "vscode", changes };
      const { decisions } = await link.request("runs/decide", params, { limitMs: DECIDE_MS });
      onDecided(decisions);
      done += changes.length;
      report("", done / tasks.length);
    }
    return done;
  });
}
