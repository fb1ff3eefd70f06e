import type { DatabaseSync } from "node:sqlite";
import { keptFigures, readFigures, writeFigures } from "./figuresFile.ts";
import { QuestionMemory } from "./memory.ts";
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
  #kept = { made: "", ...NOTHING };

  constructor(indexFile: string, mostBehind = MOST_BEHIND) {
    this.#file = figuresFileOf(indexFile);
    this.#mostBehind = mostBehind;
  }

  keep(db: DatabaseSync): void {
    db.exec("BEGIN");
    try {
      const made = madeOf(db);
      if (made !== this.#kept.made) this.#kept = { made, ...(keptFigures(this.#file, made) ?? NOTHING) };
      const { version, length } = this.#kept;
      if (changedAfter(db, version) <= Math.max(this.#mostBehind, MOST_PART_BEHIND * length)) return;
      const memory = new QuestionMemory(readFigures(this.#file, made, versionOf(db)));
      memory.refresh(db);
      writeFigures(this.#file, made, memory.figures());
      this.#kept = { made, version: memory.version, length: memory.length };
    } finally {
      db.exec("ROLLBACK");
    }
  }
}

function changedAfter(db: DatabaseSync, version: number): number {
  return Number(db.prepare("SELECT count(*) AS count FROM questions WHERE changed > ?").get(version)?.["count"] ?? 0);
}
