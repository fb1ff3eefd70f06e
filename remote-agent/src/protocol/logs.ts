import * as z from "zod";

/** Logs of a run: `logs/<source>.log`, then `.1` to `.7` with older lines. */
export const LOG_BYTES = 8 * 2 ** 20;
export const LOG_FILES = 8;

export const logLevel = z.enum(["debug", "info", "warning", "error"]);
export type LogLevel = z.infer<typeof logLevel>;

/** One line of a log, without control sequences other than colours. */
export const logLine = z.object({
  /** Milliseconds since the epoch. A line without a time of its own has that of the line above; null: there is none. */
  t: z.number().nullable(),
  level: logLevel,
  /** Which program wrote it: the name of its log. */
  source: z.string(),
  text: z.string(),
});
export type LogLine = z.infer<typeof logLine>;
