import * as vscode from "vscode";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { foreignRun, type NamedContent, trustRecords, unapproved, withApproved } from "./trust.ts";

/** In the global state, which lies outside of every workspace: a cloned repository brings no approvals. */
const KEY = "rzero.trust";

/** Asks for what this person has not approved for the host yet, and remembers it. @returns whether to go on */
export async function approved(
  { context }: Services,
  host: { id: string; name: string },
  contents: readonly NamedContent[],
): Promise<boolean> {
  const stored = trustRecords.safeParse(context.globalState.get(KEY, []));
  const records = stored.success ? stored.data : [];
  const open = unapproved(contents, records, host.id);
  if (open.length === 0) return true;
  const approve = vscode.l10n.t("Approve");
  const detail = [
    ...open.map(({ setting, shown }) => `${setting}: ${oneLine(shown)}`),
    "",
    vscode.l10n.t("Approve only what you know. You are asked again when it changes."),
  ].join("\n");
  const message = vscode.l10n.t("This run would use the following on {0}, which you have not approved yet.", host.name);
  const answer = await vscode.window.showWarningMessage(message, { modal: true, detail }, approve);
  if (answer !== approve) return false;
  await context.globalState.update(KEY, withApproved(records, open, host.id, new Date().toISOString()));
  return true;
}

/** A run that somebody else made is resumed or forked only after asking. @returns whether to go on */
export async function mayContinue(services: Services, { entry, run }: ChosenRun): Promise<boolean> {
  if (!vscode.workspace.isTrusted) return refuseUntrusted();
  const origin = run.origin;
  if (origin == null) return true;
  return approved(services, entry, [foreignRun(run, origin, foreignSentence(run, origin))]);
}

/** Nothing is started for a workspace that nobody trusts. */
export async function refuseUntrusted(): Promise<false> {
  const manage = vscode.l10n.t("Manage Workspace Trust");
  const message = vscode.l10n.t("This workspace is not trusted, so nothing is started from it: trust it first.");
  if ((await vscode.window.showWarningMessage(message, manage)) === manage)
    await vscode.commands.executeCommand("workbench.trust.manage");
  return false;
}

function foreignSentence({ id }: RunModel, origin: NonNullable<RunModel["origin"]>): string {
  return origin.kind === "downloaded"
    ? vscode.l10n.t("{0}, downloaded from {1}", id, origin.from)
    : vscode.l10n.t("{0}, which another user made ({1})", id, origin.user);
}
