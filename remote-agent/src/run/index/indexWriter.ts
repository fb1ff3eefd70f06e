import type { DatabaseSync } from "node:sqlite";
import { catchUp, IndexStale } from "./build.ts";
import { FiguresKeeper } from "./keepFigures.ts";
import { openIndex, replaceIndex } from "./open.ts";
import type { Request, WorkerStart } from "./workerMessages.ts";

/** The writing side of an index, for a thread of its own. */
export class IndexWriter {
  readonly #start: WorkerStart;
  readonly #onProgress: (seq: number) => void;
  readonly #figures: FiguresKeeper;
  #db: DatabaseSync | undefined;

  constructor(start: WorkerStart, onProgress: (seq: number) => void) {
    this.#start = start;
    this.#onProgress = onProgress;
    this.#figures = new FiguresKeeper(start.file);
  }

  do(request: Request): { seq: number } | Record<never, never> {
    if (request.op === "catchUp") return this.#catchUp(request.args.upTo);
    if (request.op === "replace") return this.#replace();
    throw new Error(`the writer of an index does not answer '${request.op}'`);
  }

  /** What nobody waits for. */
  afterwards(): void {
    if (this.#db === undefined || Atomics.load(this.#start.cancel, 0) === 1) return;
    try {
      this.#figures.keep(this.#db);
    } catch {
      // A damaged or busy index: the next request meets it and tells.
    }
  }

  #catchUp(upTo: number | undefined): { seq: number } {
    const { file, runDir, identity, cancel } = this.#start;
    const options = {
      runDir,
      ...(upTo === undefined ? {} : { upTo }),
      isCancelled: () => Atomics.load(cancel, 0) === 1,
      onProgress: this.#onProgress,
    };
    this.#db ??= openIndex(file, runDir, identity);
    try {
      return { seq: catchUp(this.#db, options).seq };
    } catch (error) {
      if (!(error instanceof IndexStale)) throw error;
      this.#db.close();
      this.#db = undefined;
      this.#db = openIndex(file, runDir, identity);
      return { seq: catchUp(this.#db, options).seq };
    }
  }

  #replace(): Record<never, never> {
    const { file, runDir, identity } = this.#start;
    this.#db?.close();
    this.#db = undefined;
    this.#db = replaceIndex(file, runDir, identity);
    return {};
  }
}
