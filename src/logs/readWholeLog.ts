import { stripVTControlCharacters } from "node:util";
import type { LogLine } from "../../remote-agent/src/protocol/logs.ts";
import { AgentError } from "../link/agentError.ts";
import type { HostLink } from "../link/hostLink.ts";
import { say } from "../ssh/sentence.ts";
import { terminalText } from "./terminalText.ts";

export interface WholeLog {
  readonly text: string;
  /** Older lines that found no room. */
  readonly left: number;
}

/** The most that one document is made of. */
const LINES = 50_000;
const CHARACTERS = 16 * 2 ** 20;
/** Without a line for so long, the agent has stopped answering. */
const SILENT_MS = 30_000;

/**
 * Everything that a run's logs hold by now, as plain text; of very long ones the newest part.
 * @param sources names of logs; undefined: all
 * @throws AgentError
 */
export async function readWholeLog(
  link: Pick<HostLink, "followLogs">,
  { run, sources }: { run: string; sources: string[] | undefined },
  signal: AbortSignal,
): Promise<WholeLog> {
  const lines: string[] = [];
  let size = 0;
  let left = 0;
  let timer: NodeJS.Timeout | undefined;
  let stop: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const silent = () =>
        reject(new AgentError("timeout", say`The logs of ${run} stopped coming for ${SILENT_MS / 1000} s.`));
      const heard = () => {
        clearTimeout(timer);
        timer = setTimeout(silent, SILENT_MS);
      };
      heard();
      const cancelled = () => reject(new AgentError("cancelled", say`Reading the logs was cancelled.`));
      if (signal.aborted) cancelled();
      signal.addEventListener("abort", cancelled, { once: true });
      stop = link.followLogs({
        run,
        sources,
        last: LINES,
        follow: false,
        onLines: (more) => {
          heard();
          for (const line of more) {
            const text = plainLine(line);
            lines.push(text);
            size += text.length + 1;
          }
          while (size > CHARACTERS) {
            size -= (lines.shift()?.length ?? 0) + 1;
            left += 1;
          }
        },
        onEnded: () => resolve(),
        onFailed: reject,
      });
    });
  } finally {
    clearTimeout(timer);
    stop();
  }
  return { text: lines.map((line) => `${line}\n`).join(""), left };
}

function plainLine({ t, level, source, text }: LogLine): string {
  const time = t === null ? "" : new Date(t).toISOString();
  return `${time.padEnd(24)} ${level.toUpperCase().padEnd(7)} ${source.padEnd(6)} ${stripVTControlCharacters(terminalText(text))}`;
}
