import type { DatabaseSync } from "node:sqlite";
import { readFigures, writeFigures } from "./figuresFile.ts";
import { type QuestionFigures, QuestionMemory } from "./memory.ts";
import { madeOf, versionOf } from "./store.ts";

/** So many questions may have been written since, or this part of those that are kept: each takes 8 µs to read from the index. */
const MOST_BEHIND = 1000;
const MOST_PART_BEHIND = 0.05;

const NOTHING = { version: 0, length: 0 };

export function figuresFileOf(indexFile: string): string {
  return indexFile.replace(/\.sqlite$/, ".figures");
}

/** Keeps the file of figures close behind its index; for the thread that writes the index. */
export class FiguresKeeper {
  readonly #file: string;
  readonly #mostBehind: number;
  #kept = keptOf("");

  constructor(indexFile: string, mostBehind = MOST_BEHIND) {
    this.#file = figuresFileOf(indexFile);
    this.#mostBehind = mostBehind;
  }

  keep(db: DatabaseSync): void {
    db.exec("BEGIN");
    try {
      const made = madeOf(db);
      if (made !== this.#kept.made) this.#kept = keptOf(made, this.#stored(db, made) ?? undefined);
      const { version, length } = this.#kept;
      if (changedAfter(db, version) <= Math.max(this.#mostBehind, MOST_PART_BEHIND * length)) return;
      const memory = new QuestionMemory(this.#stored(db, made));
      memory.refresh(db);
      writeFigures(this.#file, made, memory.figures());
      this.#kept = keptOf(made, memory);
    } finally {
      db.exec("ROLLBACK");
    }
  }

  #stored(db: DatabaseSync, made: string): QuestionFigures | null {
    return readFigures(this.#file, made, versionOf(db));
  }
}

function keptOf(made: string, { version, length }: Pick<QuestionFigures, "version" | "length"> = NOTHING) {
  return { made, version, length };
}

function changedAfter(db: DatabaseSync, version: number): number {
  return Number(db.prepare("SELECT count(*) AS count FROM questions WHERE changed > ?").get(version)?.["count"] ?? 0);
}
