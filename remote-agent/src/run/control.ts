/** The run was told to stop; orderly, everything that is done is kept. */
export class RunStopped extends Error {
  override readonly name = "RunStopped";
  /** What stopped it, and what to do; null where a person did. */
  readonly why: StopReason | null;

  constructor(why: StopReason | null = null) {
    super(why === null ? "The run was stopped." : `The run was stopped. ${why.reason}`);
    this.why = why;
  }
}

export interface StopReason {
  reason: string;
  remedy: string;
}

/** This process has to go (SIGTERM, preemption) but the run is to go on elsewhere. */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";
}

/** From the wish to end until also a training step under way is given up. */
const ORDERLY_MS = 5 * 60_000;

/**
 * What a person or the system wants of the run. Pause takes effect between calls and leaves no trace in their keys.
 * An end comes in two parts: `signal` says that no call is to begin and ends sampling under way, so that the training
 * step under way can be finished and saved; `now` ends everything. Asked a second time, or after five minutes, the second
 * part follows.
 */
export class RunControl {
  readonly #ending = new AbortController();
  readonly #now = new AbortController();
  readonly #orderlyMs: number;
  readonly #pauseEnds: boolean;
  #resume: (() => void) | null = null;
  #paused: Promise<void> | null = null;

  /** @param pauseEnds whether a pause ends this process: a batch job that waits would keep its allocation from others */
  constructor(orderlyMs = ORDERLY_MS, { pauseEnds = false } = {}) {
    this.#orderlyMs = orderlyMs;
    this.#pauseEnds = pauseEnds;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get now(): AbortSignal {
    return this.#now.signal;
  }

  get paused(): boolean {
    return this.#paused !== null;
  }

  pause(): void {
    if (this.#pauseEnds) {
      if (this.signal.aborted) return;
      this.leave("The run was paused: what it was given by the cluster goes back until it is resumed.");
      return;
    }
    if (this.#paused !== null) return;
    this.#paused = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
    this.#resume = null;
    this.#paused = null;
  }

  /** Ends the run in good order; `why` where no person asked for it. */
  stop(why: StopReason | null = null): void {
    this.#end(new RunStopped(why));
  }

  /** Ends this process in good order; the run is to go on elsewhere. */
  leave(why: string): void {
    this.#end(new RunInterrupted(why));
  }

  /** Ends everything at once, for when the run no longer belongs to this process. */
  interrupt(why: string): void {
    const reason = new RunInterrupted(why);
    this.#ending.abort(reason);
    this.#now.abort(reason);
    this.resume();
  }

  /** Waits while paused. @throws the reason when the run is to end. */
  async beforeWork(): Promise<void> {
    this.signal.throwIfAborted();
    while (this.#paused !== null) await this.#paused;
    this.signal.throwIfAborted();
  }

  #end(reason: Error): void {
    if (this.signal.aborted) {
      this.#now.abort(reason);
      return;
    }
    this.#ending.abort(reason);
    setTimeout(() => this.#now.abort(reason), this.#orderlyMs).unref();
    this.resume();
  }
}
