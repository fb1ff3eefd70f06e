import { rm } from "node:fs/promises";
import path from "node:path";
import type { RunState } from "../protocol/records.ts";
import type { RunClaim } from "./journal/lock.ts";
import { openRun } from "./opened.ts";
import { writeDerived } from "./runDir.ts";

export interface RestCommand {
  /** The client's id of the command: a repeat changes nothing. */
  command: string;
  by: string;
  what: "pause" | "stop";
}

/**
 * Records what was wanted of a run that no process owns, as its supervisor would have: a run that waits in a queue is paused or
 * stopped without having been started. @throws RunLocked when somebody owns it after all
 */
export async function recordResting(
  runDir: string,
  { command, by, what }: RestCommand,
  claim: RunClaim,
): Promise<{ state: RunState; repeated: boolean }> {
  const opened = await openRun(runDir, () => undefined, claim);
  try {
    if (opened.commands.has(command)) return { state: opened.view.state, repeated: true };
    const state = what === "pause" ? "paused" : "stopped";
    // What is derived from the journal must not outlive it.
    await rm(path.join(runDir, "summary.json"), { force: true });
    await opened.journal.append(
      [
        { type: "command", id: command, command: what, by },
        { type: "state", state, reason: null, remedy: null },
      ],
      { durable: true },
    );
    await writeDerived(path.join(runDir, "summary.json"), opened.view);
    return { state, repeated: false };
  } finally {
    await opened.close();
  }
}
