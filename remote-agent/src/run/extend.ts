import { rm } from "node:fs/promises";
import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RunRecord } from "../protocol/records.ts";
import { openRun } from "./opened.ts";
import { readRun, writeDerived } from "./runDir.ts";
import { appendPatch, extended, readPatches } from "./runPatch.ts";

export interface Extension {
  /** The client's id of the command: a repeat changes nothing. */
  command: string;
  by: string;
  /** By the setting's path. */
  settings: Record<string, unknown>;
}

/**
 * Extends a run that no process owns: writes run.patch.yaml and records that a completed run has work again, where it has: one whose
 * other settings change stays completed. The record comes first: a crash between the two leaves a run that can be resumed, has nothing to do and completes, and that can be extended again.
 * @throws PatchRefused; RunLocked when a supervisor owns the run
 */
export async function extendResting(
  runDir: string,
  { command, by, settings }: Extension,
  now: Date,
): Promise<{ run: ResolvedRun; repeated: boolean }> {
  const opened = await openRun(runDir, () => undefined);
  try {
    const run = await readRun(runDir);
    if ((await readPatches(runDir)).some((patch) => patch.command === command)) return { run, repeated: true };
    const next = extended(run, settings);
    // What is derived from the journal must not outlive it: a list would go on showing a completed run.
    await rm(path.join(runDir, "summary.json"), { force: true });
    const hasWorkAgain = opened.view.state === "completed" && next.config.iterations > run.config.iterations;
    await opened.journal.append(recordsOf(command, by, next, settings, hasWorkAgain), { durable: true });
    await appendPatch(runDir, { command, at: now.toISOString(), by, set: settings });
    await writeDerived(path.join(runDir, "summary.json"), opened.view);
    return { run: next, repeated: false };
  } finally {
    await opened.close();
  }
}

/** What the journal says of an extension. */
export function recordsOf(
  command: string,
  by: string,
  next: ResolvedRun,
  settings: Readonly<Record<string, unknown>>,
  hasWorkAgain: boolean,
): RunRecord[] {
  const others = changesOf(settings);
  const message = [
    ...("iterations" in settings ? [`The run was extended: ${next.config.iterations} iterations.`] : []),
    ...(others === "" ? [] : [`Settings of the run were changed: ${others}.`]),
  ].join(" ");
  return [
    { type: "command", id: command, command: "extend", by },
    { type: "notice", level: "info", code: "extended", message },
    ...(hasWorkAgain
      ? [{ type: "state" as const, state: "paused" as const, reason: message, remedy: "Resume the run to go on." }]
      : []),
  ];
}

/** Settings but the number of iterations, as a person reads them; empty: there are no others. */
export function changesOf(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .filter(([name]) => name !== "iterations")
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(", ");
}
