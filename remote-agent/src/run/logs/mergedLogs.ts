import * as z from "zod";
import type { LogLine } from "../../protocol/logs.ts";
import { logNames } from "./logFiles.ts";
import { type LocatedLine, type LogPosition, LogReader } from "./logReader.ts";

export interface LogSelection {
  /** Names of logs; null: all there are. */
  sources: readonly string[] | null;
  /** Milliseconds since the epoch; lines before it are left out. */
  since: number | null;
  /** A cursor of an earlier reading. */
  after: string | null;
}

/** A cursor that this program did not make. */
export class BadCursor extends Error {
  override readonly name = "BadCursor";
  constructor() {
    super("The cursor of the logs is not one that was given with lines. Start without one.");
  }
}

const positions = z.record(z.string(), z.tuple([z.string(), z.number().int().min(0)]));
const BATCH = 500;

/** Several logs of a run as one, in order of time as far as they have been written when they are read. */
export class MergedLogs {
  readonly #directory: string;
  readonly #selection: LogSelection;
  readonly #given: Map<string, LogPosition>;
  readonly #readers = new Map<string, { reader: LogReader; waiting: LocatedLine[]; at: number }>();

  /** @throws BadCursor */
  constructor(directory: string, selection: LogSelection) {
    this.#directory = directory;
    this.#selection = selection;
    this.#given = new Map(selection.after === null ? [] : parseCursor(selection.after));
  }

  /** The next lines, oldest first; none when everything that is there has been given. */
  async next(): Promise<LogLine[]> {
    await this.#findSources();
    const lines: LogLine[] = [];
    const exhausted = new Set<string>();
    for (let scanned = 0; lines.length < BATCH; scanned++) {
      // Old lines that are left out must not make a caller wait without being able to cancel.
      if (scanned >= 20 * BATCH && lines.length > 0) break;
      const first = await this.#oldest(exhausted);
      if (first === null) break;
      const { line, end } = first.waiting[first.at] as LocatedLine;
      first.at += 1;
      this.#given.set(line.source, end);
      const { since } = this.#selection;
      if (since === null || (line.t !== null && line.t >= since)) lines.push(line);
    }
    return lines;
  }

  /** Behind the lines that were given. */
  get cursor(): string {
    return JSON.stringify(
      Object.fromEntries([...this.#given].map(([source, { file, offset }]) => [source, [file, offset]])),
    );
  }

  /** Whether lines were rotated away before they could be read. */
  get lost(): boolean {
    return [...this.#readers.values()].some(({ reader }) => reader.lost);
  }

  async close(): Promise<void> {
    for (const { reader } of this.#readers.values()) await reader.close();
    this.#readers.clear();
  }

  async #findSources(): Promise<void> {
    const names = this.#selection.sources ?? (await logNames(this.#directory));
    for (const source of names) {
      if (this.#readers.has(source)) continue;
      const reader = new LogReader(this.#directory, source, this.#given.get(source) ?? null);
      this.#readers.set(source, { reader, waiting: [], at: 0 });
    }
  }

  /** The log whose next line is the oldest. Logs that have none are read once a call of `next`. */
  async #oldest(exhausted: Set<string>): Promise<{ waiting: LocatedLine[]; at: number } | null> {
    let oldest: { log: { waiting: LocatedLine[]; at: number }; t: number } | null = null;
    for (const [source, log] of this.#readers) {
      if (exhausted.has(source)) continue;
      if (log.at === log.waiting.length) Object.assign(log, { waiting: await log.reader.read(), at: 0 });
      const next = log.waiting[log.at];
      const t = next?.line.t ?? Number.NEGATIVE_INFINITY;
      if (next === undefined) exhausted.add(source);
      else if (oldest === null || t < oldest.t) oldest = { log, t };
    }
    return oldest?.log ?? null;
  }
}

function parseCursor(text: string): [string, LogPosition][] {
  try {
    return Object.entries(positions.parse(JSON.parse(text))).map(([source, [file, offset]]) => [
      source,
      { file, offset },
    ]);
  } catch {
    throw new BadCursor();
  }
}
