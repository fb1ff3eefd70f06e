import type { ResolvedRun } from "../protocol/config.ts";
import type { Result } from "../protocol/rpc.ts";
import { type Extension, recordsOf } from "./extend.ts";
import type { OpenedRun } from "./opened.ts";
import { appendPatch, extended, PatchRefused, readPatches } from "./runPatch.ts";

/**
 * Extends the run that this process owns. The recipe reads the number of iterations at the border of each and retention
 * its rules at each pass, so nothing that is under way changes.
 */
export class LiveExtensions {
  readonly #run: ResolvedRun;
  readonly #runDir: string;
  readonly #opened: OpenedRun;
  #turn: Promise<unknown> = Promise.resolve();
  /** More work was asked for since the recipe last began. */
  #hasMore = false;
  #closed = false;

  constructor(run: ResolvedRun, runDir: string, opened: OpenedRun) {
    this.#run = run;
    this.#runDir = runDir;
    this.#opened = opened;
  }

  extend({ command, by, settings }: Extension): Promise<Result<"runs/extend">> {
    const turn = this.#turn.then(() => this.#extend({ command, by, settings }));
    this.#turn = turn.catch(() => undefined); // told to who asked
    return turn;
  }

  /** The recipe has come to its end. True: the run may complete, and is not extended any more; false: there is more to do. */
  async close(): Promise<boolean> {
    let settled: Promise<unknown>;
    do {
      settled = this.#turn;
      await settled;
    } while (settled !== this.#turn);
    this.#closed = !this.#hasMore;
    this.#hasMore = false;
    return this.#closed;
  }

  async #extend({ command, by, settings }: Extension): Promise<Result<"runs/extend">> {
    const run = this.#run;
    const { commands, journal, view } = this.#opened;
    const repeated =
      commands.has(command) || (await readPatches(this.#runDir)).some((patch) => patch.command === command);
    if (!repeated) {
      if (this.#closed) throw new PatchRefused(`Run ${run.id} is just ending; extend it again in a moment.`);
      const next = extended(run, settings);
      await appendPatch(this.#runDir, { command, at: new Date().toISOString(), by, set: settings });
      await journal.append(recordsOf(command, by, next, settings, false), { durable: true, reserve: true });
      commands.set(command, "extend");
      if (next.config.iterations > run.config.iterations) this.#hasMore = true;
      run.config = next.config;
    }
    return { state: view.state, repeated, iterations: run.config.iterations };
  }
}
