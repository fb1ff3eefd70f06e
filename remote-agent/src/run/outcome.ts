import type { LogLevel } from "../protocol/logs.ts";
import type { RunState } from "../protocol/records.ts";
import { RunPaused } from "../verbs/errors.ts";
import { RunInterrupted, RunStopped } from "./control.ts";
import { StorageError } from "./journal/errors.ts";
import type { OpenedRun } from "./opened.ts";

export interface Outcome {
  state: RunState;
  reason: string | null;
}

/** Records how the run stands now that its owner ends. */
export async function conclude(
  opened: OpenedRun,
  state: RunState,
  reason: string | null,
  remedy: string | null,
): Promise<Outcome> {
  await opened.journal.append([{ type: "state", state, reason, remedy }], { durable: true, reserve: true });
  return { state, reason };
}

/** How a run that did not complete ended: paused, stopped and interrupted runs can be resumed as they are. */
export async function concludeFailed(
  opened: OpenedRun,
  error: unknown,
  log: (line: string, level?: LogLevel) => void,
): Promise<Outcome> {
  const message = error instanceof Error ? error.message : String(error);
  const asked = error instanceof RunStopped || error instanceof RunInterrupted;
  log(error instanceof Error && !asked ? (error.stack ?? message) : message, asked ? "info" : "error");
  if (error instanceof RunStopped)
    return conclude(opened, "stopped", error.why?.reason ?? null, error.why?.remedy ?? null);
  if (error instanceof RunInterrupted) return { state: "interrupted", reason: message };
  if (error instanceof RunPaused) return conclude(opened, "paused", message, error.remedy);
  if (error instanceof StorageError) {
    const { reason } = error;
    if (reason === "disk_full") return conclude(opened, "paused", message, "Free some space, then resume the run.");
    return { state: "failed", reason: message };
  }
  return conclude(opened, "failed", message, "Mend the cause, then resume the run: everything up to here is kept.");
}
