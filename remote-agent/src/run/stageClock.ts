import type { StageClock } from "../verbs/ports.ts";

/** Wall time of live work in each stage over all owners of the run, and how long the engine was busy under this one. */
export class LiveStageClock implements StageClock {
  readonly #now: () => number;
  readonly #engineBusy: () => Promise<number | null>;
  readonly #before: ReadonlyMap<string, number>;
  readonly #started = new Map<string, { at: number; busy: Promise<number | null> }>();

  /** `now` in milliseconds, never going back; `engineBusy` in seconds, null where the engine does not tell; `before`: seconds by stage. */
  constructor(now: () => number, engineBusy: () => Promise<number | null>, before: ReadonlyMap<string, number>) {
    this.#before = before;
    this.#now = now;
    this.#engineBusy = engineBusy;
  }

  begin(key: string): void {
    this.#started.set(key, { at: this.#now(), busy: this.#engineBusy() });
  }

  async end(key: string): Promise<{ seconds: number; engineSeconds: number | null }> {
    const start = this.#started.get(key);
    if (start === undefined) throw new Error(`The stage '${key}' ended without having begun.`);
    this.#started.delete(key);
    const [before, after] = await Promise.all([start.busy, this.#engineBusy()]);
    const engineSeconds = before === null || after === null ? null : round(Math.max(0, after - before));
    return { seconds: round((this.#before.get(key) ?? 0) + (this.#now() - start.at) / 1000), engineSeconds };
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
