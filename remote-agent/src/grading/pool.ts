import type { SandboxedProcess } from "../sandbox/sandboxed.ts";
import type { AnswerPair } from "../scoring/vote.ts";
import type { PoolLimits, SymbolicGrader, SymbolicVerdict } from "./grader.ts";
import { GradingWorker } from "./worker.ts";

export interface PoolOptions {
  /** Starts one grading process. */
  start: () => Promise<SandboxedProcess>;
  limits: PoolLimits;
  signal: AbortSignal;
}

interface Job {
  pair: AnswerPair;
  /** Tries that ended with the worker's death: one death may be the machine's fault, two are the pair's. */
  deaths: number;
  resolve(verdict: SymbolicVerdict): void;
  reject(error: unknown): void;
}

/**
 * A few workers that share one queue. They start when first needed; one that hangs or dies is replaced and takes only
 * its own pair with it.
 */
export class GradingPool implements SymbolicGrader {
  readonly #options: PoolOptions;
  readonly #queue: Job[] = [];
  /** Loops under way, each with at most one worker. */
  readonly #running = new Set<Promise<void>>();
  /** Workers without a task, ready for the next batch. */
  readonly #idle: GradingWorker[] = [];

  readonly #closing = new AbortController();
  /** Ends the workers, wherever they are. */
  readonly #end: AbortSignal;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#end = AbortSignal.any([options.signal, this.#closing.signal]);
  }

  async grade(pairs: readonly AnswerPair[]): Promise<SymbolicVerdict[]> {
    this.#end.throwIfAborted();
    const verdicts = pairs.map(
      (pair) =>
        new Promise<SymbolicVerdict>((resolve, reject) => {
          this.#queue.push({ pair, deaths: 0, resolve, reject });
        }),
    );
    while (this.#running.size < Math.min(this.#options.limits.workers, this.#queue.length)) {
      const loop: Promise<void> = this.#work().finally(() => this.#running.delete(loop));
      this.#running.add(loop);
    }
    return Promise.all(verdicts);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("The grader was closed."));
    await Promise.allSettled(this.#running);
    this.#idle.length = 0;
  }

  async #work(): Promise<void> {
    const { start, limits } = this.#options;
    let worker = this.#idle.pop() ?? null;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      try {
        this.#end.throwIfAborted();
        if (worker?.usable !== true) {
          worker?.kill();
          worker = await GradingWorker.start(start, limits, this.#end);
        }
        const verdict = await worker.decide(job.pair);
        this.#end.throwIfAborted();
        if (verdict.rule === "died" && ++job.deaths < 2) this.#queue.unshift(job);
        else job.resolve(verdict);
      } catch (error) {
        // It is over, or no worker starts: those that wait will have no better luck.
        for (const waiting of [job, ...this.#queue.splice(0)]) waiting.reject(error);
      }
    }
    if (worker !== null) this.#idle.push(worker);
  }
}
