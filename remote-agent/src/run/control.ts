/** The run was told to stop; orderly, everything that is done is kept. */
export class RunStopped extends Error {
  override readonly name = "RunStopped";
}

/** This process has to go (SIGTERM, preemption) but the run is to go on elsewhere. */
export class RunInterrupted extends Error {
  override readonly name = "RunInterrupted";
}

/**
 * What a person or the system wants of the run. Pause takes effect between calls and leaves no trace in their keys;
 * stop also ends sampling that is under way.
 */
export class RunControl {
  readonly #abort = new AbortController();
  #resume: (() => void) | null = null;
  #paused: Promise<void> | null = null;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get paused(): boolean {
    return this.#paused !== null;
  }

  pause(): void {
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

  stop(): void {
    this.#abort.abort(new RunStopped("The run was stopped."));
    this.resume();
  }

  interrupt(why: string): void {
    this.#abort.abort(new RunInterrupted(why));
    this.resume();
  }

  /** Waits while paused. @throws the reason when the run is to end. */
  async beforeWork(): Promise<void> {
    this.signal.throwIfAborted();
    while (this.#paused !== null) await this.#paused;
    this.signal.throwIfAborted();
  }
}
