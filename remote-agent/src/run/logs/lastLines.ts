import { type LogSelection, MergedLogs } from "./mergedLogs.ts";

/** Where to begin so that only the last lines are given: read behind `after`, and leave out `skip` lines. */
export interface Beginning {
  readonly after: string | null;
  readonly skip: number;
}

/**
 * Finds the last `count` lines that are there by now. Reads them all once, but holds none: only the cursors of the newest
 * stretches.
 */
export async function beginningOfLast(
  directory: string,
  selection: LogSelection,
  count: number,
  signal: AbortSignal,
): Promise<Beginning> {
  const logs = new MergedLogs(directory, selection);
  const marks = [{ after: selection.after, lines: 0 }];
  let total = 0;
  try {
    while (!signal.aborted) {
      const lines = await logs.next();
      if (lines.length === 0) break;
      total += lines.length;
      marks.push({ after: logs.cursor, lines: total });
      while (marks[1] !== undefined && total - marks[1].lines >= count) marks.shift();
    }
  } finally {
    await logs.close();
  }
  const [{ after, lines }] = marks as [(typeof marks)[0]];
  return { after, skip: Math.max(0, total - lines - count) };
}
