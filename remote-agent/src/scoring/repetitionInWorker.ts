import { Worker } from "node:worker_threads";
import { type Repetition, type RepetitionOptions, tokenLists } from "./repetition.ts";
import type { RepetitionWork } from "./repetition.worker.ts";

export interface WorkerLimits {
  /** Milliseconds until the worker is ended; ten minutes by default: 8,192 questions take seconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The repetition worker gave no result; `reason` says why. */
export class RepetitionWorkerError extends Error {
  override readonly name = "RepetitionWorkerError";
  readonly reason: "timeout" | "crashed";

  constructor(reason: "timeout" | "crashed", message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/**
 * {@link repetition} on a thread of its own, so that the event loop stays free.
 *
 * @throws RepetitionWorkerError on a time-out or a crash of the worker; the signal's reason when aborted
 */
export async function repetitionInWorker(
  questions: readonly string[],
  options: RepetitionOptions,
  { timeoutMs = 600_000, signal }: WorkerLimits = {},
): Promise<Repetition> {
  signal?.throwIfAborted();
  const work: RepetitionWork = { lists: tokenLists(questions, options), rules: options.rules };
  const worker = new Worker(workerFile(), { workerData: work });
  const cleanUp = new AbortController();
  try {
    return await new Promise<Repetition>((resolve, reject) => {
      worker.once("message", (result: Repetition) => resolve(result));
      worker.once("error", (error) => reject(crashed(questions.length, error)));
      worker.once("exit", (code) => reject(crashed(questions.length, new Error(`the thread ended with code ${code}`))));
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true, signal: cleanUp.signal });
      const timer = setTimeout(() => reject(timedOut(questions.length, timeoutMs)), timeoutMs);
      cleanUp.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    });
  } finally {
    cleanUp.abort();
    await worker.terminate();
  }
}

/** From source Node runs the .ts beside this file; in the bundle the worker is an entry of its own beside the bundle. */
function workerFile(): URL {
  return new URL(
    import.meta.url.endsWith(".ts") ? "./repetition.worker.ts" : "./repetition.worker.mjs",
    import.meta.url,
  );
}

function timedOut(questions: number, timeoutMs: number): RepetitionWorkerError {
  return new RepetitionWorkerError(
    "timeout",
    `Clustering ${questions} questions for the repetition penalty took longer than ${timeoutMs / 1000} s and was stopped. ` +
      "The machine is probably short of CPU time: resume the run when it is less busy.",
  );
}

function crashed(questions: number, cause: unknown): RepetitionWorkerError {
  return new RepetitionWorkerError(
    "crashed",
    `Clustering ${questions} questions for the repetition penalty failed in its worker: ${cause instanceof Error ? cause.message : String(cause)}. ` +
      "If memory ran out, use a smaller batch (slots × rollouts) and resume.",
    cause,
  );
}
