import { statfs } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { EngineDiskFull } from "../engine/errors.ts";
import { EngineStartFailed } from "../engine/startup.ts";
import { RunPaused } from "../verbs/errors.ts";
import { BALLAST_BYTES } from "./journal/ballast.ts";
import { DiskFull, isDiskFull } from "./journal/errors.ts";
import { type Journal, SEGMENT_BYTES } from "./journal/journal.ts";

/** How long a run waits for room before its supervisor ends. */
const LIMIT_MS = 24 * 3_600_000;
const POLL_MS = 2000;
/** Quotas do not show in the file system's figures, so once in a while the write itself is tried. */
const TRY_ANYWAY_MS = 60_000;
/** So much more free than when a write failed is worth another try of it. */
const WORTH_A_TRY_BYTES = 2 ** 20;

export interface RoomOptions {
  runDir: string;
  journal: Pick<Journal, "isFull" | "retry">;
  /** Ends the waiting; its reason is thrown. */
  signal: AbortSignal;
  /** Records that the run waits, and that it goes on. */
  onFull(reason: string, remedy: string): Promise<void>;
  onRoom(): Promise<void>;
  /** Bytes that may still be written in a directory. */
  freeBytes?: (dir: string) => Promise<number>;
  now?: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  limitMs?: number;
}

/**
 * Where whatever meets a full disk waits. The work that found no room is done again when there is some, so nothing of
 * it may remain when it fails; the run's state says meanwhile that it is paused and why.
 */
export class Room {
  readonly #o: Required<RoomOptions>;
  #waiting: Promise<void> | null = null;
  /** Since when there has been no room; null while there is. */
  #fullSince: number | null = null;

  constructor(options: RoomOptions) {
    this.#o = {
      freeBytes: availableBytes,
      now: () => performance.now(),
      sleep: (ms, signal) => delay(ms, undefined, { signal, ref: false }),
      limitMs: LIMIT_MS,
      ...options,
    };
  }

  /**
   * Does work that stores something, as often as it takes. @throws RunPaused when there was no room for a day; the
   * signal's reason; whatever the work throws that room would not mend.
   */
  async forStoring<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await work();
        await this.#thereIsRoom();
        return result;
      } catch (error) {
        if (!isOutOfRoom(error)) throw error;
        this.#waiting ??= this.#wait(error).finally(() => {
          this.#waiting = null;
        });
        await this.#waiting;
      }
    }
  }

  async #thereIsRoom(): Promise<void> {
    if (this.#fullSince === null || this.#waiting !== null) return;
    this.#fullSince = null;
    // The work is done and must not be done again; what follows will find out if the room was only for a moment.
    await this.#o.onRoom().catch(() => undefined);
  }

  async #wait(error: unknown): Promise<void> {
    const { runDir, journal, signal, now, sleep, freeBytes, limitMs } = this.#o;
    if (signal.aborted) throw signal.reason;
    const started = now();
    if (this.#fullSince === null) {
      this.#fullSince = started;
      await this.#o.onFull(reasonOf(error), REMEDY).catch(() => undefined); // the run's log has it too
    }
    const freeAtFailure = await freeBytes(runDir);
    for (let tried = started; ; ) {
      if (signal.aborted) throw signal.reason;
      if (now() - this.#fullSince > limitMs) throw new RunPaused(reasonOf(error), GIVEN_UP);
      await sleep(POLL_MS, signal).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
      const wanted = journal.isFull ? BALLAST_BYTES + SEGMENT_BYTES : freeAtFailure + WORTH_A_TRY_BYTES;
      if ((await freeBytes(runDir)) < wanted && now() - tried < TRY_ANYWAY_MS) continue;
      tried = now();
      if (await journal.retry()) return;
    }
  }
}

const REMEDY = "Free some space or raise the quota: the run goes on by itself when there is room. It looks for a day.";
const GIVEN_UP = "There was no room for a day. Free some space, then resume the run; nothing is lost.";

/** Whether something failed because the disk or a quota is full, in this process or in the engine. */
export function isOutOfRoom(error: unknown): boolean {
  if (error instanceof DiskFull || error instanceof EngineDiskFull || isDiskFull(error)) return true;
  if (error instanceof EngineStartFailed && /No space left on device|Disk quota exceeded/.test(error.detail ?? ""))
    return true;
  return error instanceof Error && error.cause !== undefined && isOutOfRoom(error.cause);
}

function reasonOf(error: unknown): string {
  if (error instanceof DiskFull) return error.message;
  return `There is no room on the run's disk: ${error instanceof Error ? error.message : String(error)}. Nothing is lost.`;
}

async function availableBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
