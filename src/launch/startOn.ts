import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { parse } from "yaml";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { persistentRequest } from "../link/persistent.ts";
import { withProgress } from "../withProgress.ts";
import { author } from "./author.ts";
import { changedSettings, type ForkPlace } from "./forkLine.ts";

/** Making a base model or waiting for a slow disk. */
const START_MS = 3 * 3_600_000;

/** Starts a run that the person agreed to. @returns its id. @throws AgentError */
export async function startOn(entry: HostEntry, text: string, fork: ForkPlace | null, name: string): Promise<string> {
  const title = vscode.l10n.t("Starting {0} on {1}", name, entry.name);
  return withProgress(title, async (report, signal) => {
    const onProgress = (at: { text: string; done: number | null; total: number | null }) =>
      report(at.text, at.done === null || at.total === null || at.total === 0 ? null : at.done / at.total);
    if (fork === null) {
      const params = { text, command: randomUUID(), by: author() };
      return (await persistentRequest(entry.link, "runs/start", params, { limitMs: START_MS, signal, onProgress })).run;
    }
    const { text: parent } = await persistentRequest(entry.link, "runs/config", { run: fork.run });
    const settings = changedSettings(parse(parent), parse(text));
    const asked = { run: fork.run, at: fork.at, settings, name: null, command: randomUUID() };
    const made = await persistentRequest(entry.link, "runs/fork", asked, { limitMs: START_MS, signal });
    report(vscode.l10n.t("Starting the run"), null);
    const resume = { run: made.run, command: randomUUID(), by: author() };
    await persistentRequest(entry.link, "runs/resume", resume, { limitMs: 120_000, signal });
    return made.run;
  });
}
