import { rm } from "node:fs/promises";
import path from "node:path";
import { type OpenedRun, openRun } from "./opened.ts";
import { ReviewWriter } from "./reviewWriter.ts";
import { writeDerived } from "./runDir.ts";

/** Records something of the review of a run that no process owns. @throws RunLocked when a supervisor owns it; what the work throws */
export async function reviewResting<T>(
  runDir: string,
  work: (writer: ReviewWriter, opened: OpenedRun) => Promise<T>,
): Promise<T> {
  const opened = await openRun(runDir, () => undefined);
  const summary = path.join(runDir, "summary.json");
  try {
    // What is derived from the journal must not outlive it, should this process end in between.
    await rm(summary, { force: true });
    return await work(new ReviewWriter(opened), opened);
  } finally {
    await writeDerived(summary, opened.view).catch(() => undefined); // lists read the journal instead
    await opened.close();
  }
}
