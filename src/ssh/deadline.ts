import { say } from "./sentence.ts";
import { TransportError } from "./transport.ts";

/** A limit on what machines do; while a person is asked it stands still, and the person's own limit runs. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #host: string;
  #left: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #asking = 0;

  constructor(host: string, machineMs: number, outer?: AbortSignal) {
    this.#host = host;
    this.#left = machineMs;
    this.signal = outer === undefined ? this.#abort.signal : AbortSignal.any([outer, this.#abort.signal]);
    this.#run();
  }

  /** Asks a person. @throws TransportError `timeout` when there is no answer within `humanMs` */
  async human<T>(humanMs: number, question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#asking++ === 0) this.#halt();
    const limit = AbortSignal.timeout(humanMs);
    const signal = AbortSignal.any([this.signal, limit]);
    try {
      const answer = await Promise.race([question(signal), rejected(signal)]);
      return answer;
    } catch (error) {
      if (!limit.aborted) throw error;
      throw new TransportError(
        "timeout",
        say`A question about ${this.#host} was not answered within ${Math.round(humanMs / 1000)} s.`,
      );
    } finally {
      if (--this.#asking === 0) this.#run();
    }
  }

  done(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(() => {
      this.#abort.abort(new TransportError("timeout", say`${this.#host} did not answer in time.`));
    }, this.#left);
  }

  #halt(): void {
    clearTimeout(this.#timer);
    this.#left = Math.max(1000, this.#left - (performance.now() - this.#since));
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
