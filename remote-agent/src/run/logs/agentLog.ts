import { readFileSync, statSync, truncateSync } from "node:fs";
import path from "node:path";
import { LOG_BYTES, LOG_FILES, type LogLevel } from "../../protocol/logs.ts";
import { formatLine } from "./line.ts";
import { RotatingFile } from "./rotatingFile.ts";

const LOOK_MS = 5000;
/** Of what a process printed since the last look, so much is taken over. */
const PRINTED_BYTES = 2 ** 18;

/** Where the output of a run's supervisor process goes: what Node prints when it crashes, warnings. Not for reading. */
export function printedFile(runDir: string): string {
  return path.join(runDir, "logs", "agent.printed");
}

/**
 * The log of the agent that owns a run. Nothing is opened before the first line, which only an owner writes; then what
 * this and earlier owners' processes printed is taken over into it, so that a crash can be read in the log.
 */
export class AgentLog {
  readonly #file: RotatingFile;
  readonly #printed: string;
  readonly #now: () => number;
  #looking: NodeJS.Timeout | null = null;

  constructor(runDir: string, now: () => number) {
    this.#file = new RotatingFile(path.join(runDir, "logs", "agent.log"), { bytes: LOG_BYTES, files: LOG_FILES });
    this.#printed = printedFile(runDir);
    this.#now = now;
  }

  write(message: string, level: LogLevel = "info"): void {
    if (this.#looking === null) {
      this.#takePrinted();
      this.#looking = setInterval(() => this.#takePrinted(), LOOK_MS).unref();
    }
    this.#file.append(formatLine(this.#now(), level, "agent", message));
  }

  close(): void {
    if (this.#looking === null) return;
    clearInterval(this.#looking);
    this.#takePrinted();
    this.#file.close();
  }

  /** A crash between the two writes repeats lines and loses none. */
  #takePrinted(): void {
    try {
      const info = statSync(this.#printed, { throwIfNoEntry: false });
      if (info === undefined || info.size === 0) return;
      const text = readFileSync(this.#printed).subarray(0, PRINTED_BYTES).toString("utf8");
      if (text.trim() !== "")
        this.#file.append(formatLine(info.mtimeMs, "error", "agent", `printed by the process:\n${text}`));
      truncateSync(this.#printed, 0);
    } catch {
      return; // a full or failing disk: it is looked at again in a moment
    }
  }
}
