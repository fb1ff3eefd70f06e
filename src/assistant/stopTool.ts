import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { author } from "../launch/author.ts";
import { markdownText } from "../markdownText.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import type { Agreed } from "./agreed.ts";
import type { ToolInput } from "./catalogue.ts";
import { type FoundRun, findRun } from "./findRun.ts";
import type { toolNames } from "./toolNames.ts";

const STOP_MS = 120_000;

type Input = ToolInput<typeof toolNames.stopRun>;

/** What the person is shown before a language model may stop a run. @throws Error with a sentence */
export function askToStop(
  { hosts }: Services,
  agreed: Agreed,
  input: Input,
): vscode.LanguageModelToolConfirmationMessages {
  const found = stoppable(findRun(hosts, input));
  agreed.show(keyOf(found));
  const { entry, run } = found;
  const { view } = run;
  const at = view.stages.findLast(({ status }) => status === "running");
  const lines = [
    vscode.l10n.t("Run: {0} ({1})", run.id, oneLine(run.name)),
    vscode.l10n.t("Host: {0}", oneLine(entry.name)),
    ...(at === undefined
      ? []
      : [vscode.l10n.t("It is at iteration {0}, {1}, step {2} of {3}", at.iteration, at.stage, at.done, at.units)]),
    vscode.l10n.t("What is done is kept, and it can be resumed."),
  ];
  const title = vscode.l10n.t("Stop {0} on {1}?", run.id, oneLine(entry.name));
  return { title, message: new vscode.MarkdownString(lines.map(markdownText).join("\n\n")) };
}

/** Stops what the person agreed to stop. @throws Error with a sentence; AgentError */
export async function stop(
  { hosts }: Services,
  agreed: Agreed,
  input: Input,
): Promise<{ host: string; run: string; state: string }> {
  const found = stoppable(findRun(hosts, input));
  if (!agreed.take(keyOf(found)))
    throw new Error("The run was not stopped: the person has not agreed. Call the tool again.");
  const { entry, run } = found;
  const params = { run: run.id, command: randomUUID(), by: `${author()}, by an assistant` };
  const { state } = await entry.link.request("runs/stop", params, { limitMs: STOP_MS });
  await hosts.get(entry.id)?.refresh();
  return { host: entry.name, run: run.id, state };
}

function stoppable(found: FoundRun): FoundRun {
  const { run } = found;
  const ended = new Set(["completed", "failed", "stopped"]);
  if (ended.has(run.view.state)) throw new Error(`Run ${run.id} is ${run.view.state}: there is nothing to stop.`);
  return found;
}

function keyOf({ entry, run }: FoundRun): string {
  return JSON.stringify(["stop", entry.id, run.id]);
}
