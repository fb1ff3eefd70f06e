import { connectEngine } from "../engine/client.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineFailed, EngineGone, EngineRefused, EngineUnresponsive } from "../engine/errors.ts";
import { adoptEngine, type LaunchOptions, launchEngine, type RunningEngine } from "../engine/launcher.ts";
import type { NoticeRecord } from "../protocol/records.ts";
import { RunPaused } from "../verbs/errors.ts";
import type { Room } from "./room.ts";

export interface EngineHostOptions {
  /** An engine somebody else runs, or how to start our own. */
  external: { url: string; token: string } | null;
  launch: LaunchOptions;
  epoch: number;
  callTimeoutMs: number;
  /** Restarts without a successful call in between before the run pauses. */
  restarts: number;
  notice: (notice: Omit<NoticeRecord, "type">) => Promise<void>;
  room: Pick<Room, "forStoring">;
  /** Ends everything, work under way included. */
  signal: AbortSignal;
  /** From here on no engine is started, and one that is being loaded is given up: the run ends. */
  ending: AbortSignal;
}

/** A connection to one engine process; a restarted engine is another one. */
export interface Connection {
  engine: Engine;
  instance: string;
  process: RunningEngine | null;
  /** Aborted when the process is known to be gone. */
  gone: AbortSignal;
}

/**
 * The run's engine, whichever process it is at the moment: started or adopted when first needed, restarted when it
 * hangs, fails or dies. Work that was under way is given to the new one, so it must be safe to repeat.
 */
export class EngineHost {
  readonly #options: EngineHostOptions;
  #current: Promise<Connection> | null = null;
  #fruitless = 0;
  #cpuOfEnded = 0;
  readonly #cpuOf: (pid: number) => number | null;

  constructor(options: EngineHostOptions, cpuOf: (pid: number) => number | null) {
    this.#options = options;
    this.#cpuOf = cpuOf;
  }

  /**
   * Does work on the engine; `until` ends it before the host's own signal does. @throws RunPaused when the engine does not
   * come back; whatever the work throws that a new engine would not mend; the reason of the signals.
   */
  use<T>(work: (connection: Connection, signal: AbortSignal) => Promise<T>, until?: AbortSignal): Promise<T> {
    const ends = until === undefined ? this.#options.signal : AbortSignal.any([this.#options.signal, until]);
    // Starting an engine and saving what it holds need room on the disk.
    return this.#options.room.forStoring(() => this.#useOnce(work, ends));
  }

  async #useOnce<T>(work: (connection: Connection, signal: AbortSignal) => Promise<T>, ends: AbortSignal): Promise<T> {
    for (;;) {
      ends.throwIfAborted();
      const promise = this.#connection();
      const connection = await promise;
      const signal = AbortSignal.any([ends, connection.gone]);
      try {
        const result = await work(connection, signal);
        this.#fruitless = 0;
        return result;
      } catch (error) {
        if (ends.aborted) throw error;
        if (!mendable(error) && !(await isAnother(connection, error))) throw error;
        await this.#renew(promise, connection, error as Error);
      }
    }
  }

  /** The connection when there is one; starts nothing. */
  async peek(): Promise<Connection | null> {
    return this.#current === null ? null : this.#current.catch(() => null);
  }

  /** CPU seconds of the engine processes this host had, null when they are not ours. */
  async cpuSeconds(): Promise<number | null> {
    if (this.#options.external !== null) return null;
    const connection = await this.peek();
    const now = connection?.process == null ? 0 : (this.#cpuOf(connection.process.pid) ?? 0);
    return this.#cpuOfEnded + now;
  }

  /** Ends the engine if it is ours; the next use starts a new one. */
  async stop(): Promise<void> {
    const connection = await this.peek();
    this.#current = null;
    if (connection !== null) await this.#end(connection);
  }

  #connection(): Promise<Connection> {
    if (this.#current === null) {
      const connecting = this.#connect();
      this.#current = connecting;
      connecting.catch(() => {
        if (this.#current === connecting) this.#current = null;
      });
    }
    return this.#current;
  }

  async #connect(): Promise<Connection> {
    const { external, launch, signal, ending } = this.#options;
    const process =
      external === null
        ? ((await adoptEngine(launch.runDir, launch.log)) ??
          (await launchEngine(launch, AbortSignal.any([signal, ending]))))
        : null;
    const target = external ?? process;
    if (target === null) throw new Error("There is neither an external engine nor one of ours.");
    const gone = new AbortController();
    process?.exited.then((how) =>
      gone.abort(new EngineGone(`The engine process ${process.pid} is gone (${how}).`, { call: "engine" })),
    );
    const engine = await connectEngine({
      url: target.url,
      token: target.token,
      timeouts: { totalMs: this.#options.callTimeoutMs },
      onHeartbeatFailure: () => undefined, // the calls that matter fail by themselves
    });
    engine.setEpoch(this.#options.epoch);
    return { engine, instance: engine.capabilities.instance ?? target.url, process, gone: gone.signal };
  }

  async #renew(promise: Promise<Connection>, connection: Connection, error: Error): Promise<void> {
    if (this.#current !== promise) return; // somebody else has done it
    this.#fruitless += 1;
    const attempt = this.#fruitless;
    this.#current = null;
    if (attempt > this.#options.restarts) {
      await this.#end(connection);
      throw new RunPaused(
        `The engine failed ${attempt} times in a row: ${error.message}`,
        "Read logs/engine.log in the run's directory, mend the cause, then resume the run; nothing is lost.",
      );
    }
    await this.#options.notice({
      level: "warning",
      code: "engine_restart",
      message: `${error.message} It is started again (${attempt} of ${this.#options.restarts}).`,
    });
    await this.#end(connection);
  }

  async #end(connection: Connection): Promise<void> {
    await connection.engine.close();
    if (connection.process === null) return;
    this.#cpuOfEnded += this.#cpuOf(connection.process.pid) ?? 0;
    await connection.process.stop();
  }
}

/** A refusal because the engine's address is now served by another process, which knows none of our models. */
async function isAnother({ engine, instance }: Connection, error: unknown): Promise<boolean> {
  if (!(error instanceof EngineRefused) || engine.capabilities.instance === null) return false;
  const status = await engine.status().catch(() => null);
  return status !== null && status.instance !== instance;
}

function mendable(error: unknown): boolean {
  return error instanceof EngineGone || error instanceof EngineFailed || error instanceof EngineUnresponsive;
}
