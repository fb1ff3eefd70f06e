import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { parse } from "yaml";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { mayContinue } from "../launch/askTrust.ts";
import { author } from "../launch/author.ts";
import { persistentRequest } from "../link/persistent.ts";
import type { Services } from "../services.ts";

/** Asks how many iterations more; a run that was completed goes on at once. */
export async function extendRun(services: Services, chosen: ChosenRun): Promise<void> {
  const { entry, run } = chosen;
  if (!(await mayContinue(services, chosen))) return;
  const { text } = await persistentRequest(entry.link, "runs/config", { run: run.id });
  const now = iterationsOf(text);
  const more = await vscode.window.showInputBox({
    title: vscode.l10n.t("R-Zero: Extend Run"),
    prompt: vscode.l10n.t("{0} has {1} iterations. How many more?", run.id, now),
    value: "1",
    validateInput: (value) =>
      /^[1-9]\d{0,2}$/.test(value.trim()) && now + Number(value) <= 1000
        ? null
        : vscode.l10n.t("A number from 1; at most 1000 iterations in all."),
  });
  if (more === undefined) return;
  const by = author();
  const settings = { iterations: now + Number(more) };
  const params = { run: run.id, command: randomUUID(), by, settings };
  const { iterations } = await persistentRequest(entry.link, "runs/extend", params, { limitMs: 120_000 });
  if (run.view.state === "completed" && !run.live) {
    const resume = { run: run.id, command: randomUUID(), by };
    await persistentRequest(entry.link, "runs/resume", resume, { limitMs: 120_000 });
  }
  await entry.refresh();
  services.hosts.reveal(entry.id, run.id);
  vscode.window.setStatusBarMessage(vscode.l10n.t("{0} goes on to {1} iterations.", run.name, iterations), 8000);
}

function iterationsOf(text: string): number {
  const config: unknown = parse(text);
  const value = typeof config === "object" && config !== null && "iterations" in config ? config.iterations : null;
  return typeof value === "number" ? value : 0;
}
