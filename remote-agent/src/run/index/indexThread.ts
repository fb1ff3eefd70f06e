import { Worker } from "node:worker_threads";
import { IndexError, type IndexReason } from "./errors.ts";
import type { Operation, Operations, Reply, ReplyError, WorkerStart } from "./workerMessages.ts";

/** SQLite says that the file is damaged. */
export class IndexDamaged extends Error {
  override readonly name = "IndexDamaged";
}

/** Another process holds the file's write lock longer than SQLite waits. */
export class IndexLocked extends Error {
  override readonly name = "IndexLocked";
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A worker thread of an index from outside: requests with a limit, answered in order. */
export class IndexThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onProgress: ((seq: number) => void) | undefined;
  #next = 1;
  #ended: Error | undefined;

  constructor(start: WorkerStart, onProgress?: (seq: number) => void) {
    this.#onProgress = onProgress;
    this.#worker = new Worker(workerFile(), { workerData: start, execArgv: ["--disable-warning=ExperimentalWarning"] });
    this.#worker.unref(); // an index keeps no process alive
    this.#worker.on("message", (reply: Reply) => this.#hear(reply));
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new IndexError("cancelled", "The index was closed.")));
  }

  get isAlive(): boolean {
    return this.#ended === undefined;
  }

  /** @throws IndexError, IndexDamaged, IndexLocked, the journal's errors by their message; the signal's reason */
  async request<O extends Operation>(
    op: O,
    args: Operations[O]["args"],
    limitMs: number,
    signal?: AbortSignal,
  ): Promise<Operations[O]["result"]> {
    signal?.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
    const number = this.#next++;
    let timer: NodeJS.Timeout | undefined;
    let abort: (() => void) | undefined;
    try {
      const result = await new Promise<unknown>((resolve, reject) => {
        this.#waiting.set(number, { resolve, reject });
        timer = setTimeout(() => {
          reject(
            new IndexError(
              "index_busy",
              `The index did not answer within ${limitMs / 1000} s; it was stopped. Ask for less, or try again when the machine is less busy.`,
            ),
          );
          void this.terminate(); // the next request starts another thread
        }, limitMs);
        abort = () => reject(signal?.reason);
        signal?.addEventListener("abort", abort, { once: true });
        this.#worker.postMessage({ number, op, args });
      });
      return result as Operations[O]["result"];
    } finally {
      clearTimeout(timer);
      if (abort !== undefined) signal?.removeEventListener("abort", abort);
      this.#waiting.delete(number);
    }
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(reply: Reply): void {
    if ("progress" in reply) this.#onProgress?.(reply.progress);
    else if ("error" in reply) this.#waiting.get(reply.number)?.reject(errorOf(reply.error));
    else this.#waiting.get(reply.number)?.resolve(reply.result);
  }

  #end(error: Error): void {
    this.#ended ??= /node:sqlite/.test(error.message)
      ? new IndexError("no_fts", `This Node (${process.version}) has no SQLite. Use Node 22.16 or newer.`, error)
      : error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
  }
}

function errorOf(error: ReplyError): Error {
  if (error.damaged) return new IndexDamaged(error.message);
  if (error.busy) return new IndexLocked(error.message);
  if (error.name === "IndexError") return new IndexError(error.reason as IndexReason, error.message);
  return Object.assign(new Error(error.message), { name: error.name, reason: error.reason });
}

/** From source Node runs the .ts beside this file; in the bundle the worker is an entry of its own beside the bundle. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./index.worker.ts" : "./index.worker.mjs", import.meta.url);
}
