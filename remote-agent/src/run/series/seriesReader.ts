import { readFileSync, renameSync, writeFileSync } from "node:fs";
import * as z from "zod";
import type { RunSeries, SeriesQuery } from "../../protocol/series.ts";
import { bytesAfter, journalAfter, type Position, position, START, stillHolds } from "../index/journalTail.ts";
import { asRunRecord } from "../opened.ts";
import { answerOf } from "./answer.ts";
import { FOLD_VERSION, SeriesFold, savedFold } from "./fold.ts";

const saved = z.object({
  version: z.literal(FOLD_VERSION),
  position,
  fold: savedFold,
});

/** A long journal is read in turns of this time; each answer says how far it has come. */
const TURN_MS = 700;
const LOOK_EVERY = 512;
/** What was read is kept when so many records were new: reading them again would cost more than writing. */
const KEEP_AFTER = 5000;
/** While a long journal is being read, not after each turn. */
const KEEP_DURING = 100_000;

/**
 * The series of one run, in memory: reads what its journal has gained, never what it has read. For a thread of its own. A file in
 * the cache directory spares the next process the part that it read; it may be deleted at any time.
 */
export class SeriesReader {
  readonly #runDir: string;
  readonly #file: string;
  readonly #keepAfter: number;
  #fold: SeriesFold | null = null;
  #position: Position = START;
  #unsaved = 0;
  /** The last turn met the end of what is whole, though bytes may follow (a footer, a torn tail). */
  #atEnd = false;

  constructor(runDir: string, file: string, keepAfter = KEEP_AFTER) {
    this.#runDir = runDir;
    this.#file = file;
    this.#keepAfter = keepAfter;
  }

  answer(query: SeriesQuery, upTo: number | undefined): RunSeries {
    const fold = this.#current();
    const problem = this.#readOn(fold, upTo);
    const behind = problem === null ? bytesAfter(this.#runDir, this.#position) : 0;
    const { seq } = this.#position;
    const current = upTo === undefined ? behind === 0 || this.#atEnd : seq >= upTo;
    if (this.#unsaved >= (current ? this.#keepAfter : KEEP_DURING)) this.#keep(fold);
    return { ...answerOf(fold, query), read: { seq, host: 0, current, behind: current ? 0 : behind, problem } };
  }

  #readOn(fold: SeriesFold, upTo: number | undefined): string | null {
    const deadline = Date.now() + TURN_MS;
    this.#atEnd = false;
    try {
      for (const { record, after } of journalAfter(this.#runDir, this.#position, upTo)) {
        const known = asRunRecord(record);
        if (known !== null) fold.add(known);
        this.#position = after;
        this.#unsaved += 1;
        if (record.seq % LOOK_EVERY === 0 && Date.now() > deadline) return null;
      }
      this.#atEnd = true;
      return null;
    } catch (error) {
      if (error instanceof Error && "reason" in error && error.reason === "journal_corrupt") {
        this.#atEnd = true;
        return error.message;
      }
      throw error;
    }
  }

  /** The fold as far as it has come; anew when the journal is not the one that was read. */
  #current(): SeriesFold {
    if (this.#fold !== null && stillHolds(this.#runDir, this.#position)) return this.#fold;
    const stored = this.#fold === null ? readSaved(this.#file) : null;
    const usable = stored !== null && stillHolds(this.#runDir, stored.position);
    this.#fold = usable ? new SeriesFold(stored.fold) : new SeriesFold();
    this.#position = usable ? stored.position : START;
    this.#unsaved = 0;
    return this.#fold;
  }

  #keep(fold: SeriesFold): void {
    this.#unsaved = 0;
    const draft = `${this.#file}.${process.pid}.new`;
    try {
      writeFileSync(draft, JSON.stringify({ version: FOLD_VERSION, position: this.#position, fold }), { mode: 0o600 });
      renameSync(draft, this.#file);
    } catch {
      // Derived: where it cannot be written, the journal is read again the next time.
    }
  }
}

function readSaved(file: string): z.infer<typeof saved> | null {
  try {
    return saved.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null; // missing, half written or of another version
  }
}
