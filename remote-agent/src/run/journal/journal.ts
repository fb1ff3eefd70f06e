import { BALLAST_BYTES, Ballast } from "./ballast.ts";
import { type Batch, type EncodedGroup, encodeBatch, takeGroup } from "./commitQueue.ts";
import {
  DiskFull,
  EpochFenced,
  isDiskFull,
  JournalClosed,
  JournalCorrupt,
  StorageError,
  StorageFailed,
} from "./errors.ts";
import { type JournalFs, nodeFs, readUpTo } from "./fs.ts";
import { HandlePool } from "./handlePool.ts";
import { LineBuffer } from "./lineBuffer.ts";
import { readSegments, verifySegments } from "./read.ts";
import { ReadAhead } from "./readAhead.ts";
import { decodeAt, type JournalRecord, type NewRecord } from "./record.ts";
import { type RecoveryReport, recover } from "./recover.ts";
import { SeekIndex } from "./seek.ts";
import { type CutTail, type LocatedRecord, type Location, segmentName } from "./segment.ts";
import { SegmentWriter } from "./segmentWriter.ts";

export const SEGMENT_BYTES = 16 * 2 ** 20;
export const GROUP_COMMIT_MS = 50;
const GROUP_BYTES = 4 * 2 ** 20;
/** As much waiting text is written without waiting for more. */
const FULL_QUEUE_CHARS = 2 ** 20;
const READ_HANDLES = 8;

export interface JournalOptions {
  /** This owner's fence, from the run lock; not below the epoch of any record in the journal. */
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly fs?: JournalFs;
  readonly segmentBytes?: number;
  /** Longest wait of a record that is not urgent: 50 ms here, 250 ms on NFS. */
  readonly groupCommitMs?: number;
  /** Room held for the moment the disk is full; 0 holds none. */
  readonly ballastBytes?: number;
  /** Called before every commit; throws when this process may no longer write (see RunLock.assertHeld). */
  readonly fence?: () => Promise<void>;
  readonly onEvent?: (event: JournalEvent) => void;
}

export type JournalEvent =
  | ({ readonly kind: "torn_tail" | "late_writes" } & CutTail)
  | { readonly kind: "storage_reopened"; readonly cause: unknown }
  | { readonly kind: "disk_full"; readonly cause: unknown }
  | { readonly kind: "room_again" }
  | { readonly kind: "no_ballast"; readonly cause: unknown }
  | { readonly kind: "failed"; readonly error: StorageError }
  | { readonly kind: "listener_failed"; readonly cause: unknown };

export interface AppendOptions {
  /** true: synced at once, together with what else is waiting; false: within `groupCommitMs`. */
  readonly durable: boolean;
  /** Written even after the disk was full, from the room that the ballast gave back. For recording the pause. */
  readonly reserve?: boolean;
}

export interface Appended {
  readonly first: number;
  readonly last: number;
  readonly location: Location;
}

export type PublishListener = (records: readonly JournalRecord[], range: Appended) => void;

/**
 * The one writer of a run's journal, `<runDir>/journal`. Records become durable in the order of `append`; only then
 * does `append` resolve, and only then are they published.
 */
export class Journal {
  readonly #dir: string;
  readonly #fs: JournalFs;
  readonly #writer: SegmentWriter;
  readonly #ballast: Ballast;
  readonly #options: JournalOptions;
  readonly #handles: HandlePool;
  readonly #ahead: ReadAhead;
  readonly #seek = new SeekIndex();
  readonly #listeners = new Set<PublishListener>();
  readonly #queue: Batch<Appended>[] = [];
  /** One group is written at a time. */
  readonly #lines = new LineBuffer();
  #queuedChars = 0;
  #durableSeq: number;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = false;
  /** Set while the disk is full: appends are refused until `retry` finds room. */
  #full: DiskFull | undefined;
  /** Set for good: failed or closed. */
  #ended: StorageError | undefined;

  /**
   * Recovers and opens a journal, making it when there is none. What was cut is also recorded, as `journal.recovered`.
   * @throws JournalCorrupt, EpochFenced, DiskFull or the file system's own error; the caller must hold the run lock.
   */
  static async open(runDir: string, options: JournalOptions): Promise<{ journal: Journal; recovery: RecoveryReport }> {
    const fs = options.fs ?? nodeFs;
    const dir = `${runDir}/journal`;
    await fs.makeDir(dir);
    await fs.syncDir(runDir);
    const { segments, report } = await recover(fs, dir, options.clock);
    if (report.lastEpoch > options.epoch) {
      throw new EpochFenced(options.epoch, `record ${report.lastSeq} carries epoch ${report.lastEpoch}`);
    }
    const { epoch, clock, segmentBytes = SEGMENT_BYTES } = options;
    const writer = await SegmentWriter.open(fs, dir, segments, { epoch, clock, segmentBytes });
    const ballast = new Ballast(fs, runDir, options.ballastBytes ?? BALLAST_BYTES);
    const journal = new Journal(dir, fs, writer, ballast, report.lastSeq, options);
    await ballast.take().catch((cause: unknown) => journal.#report({ kind: "no_ballast", cause }));
    const cuts = [
      ...report.late.map((tail) => ({ kind: "late_writes" as const, ...tail })),
      ...(report.torn ? [{ kind: "torn_tail" as const, ...report.torn }] : []),
    ];
    for (const cut of cuts) journal.#report(cut);
    if (cuts.length > 0) {
      const records = cuts.map((cut) => ({ type: "journal.recovered", ...cut }));
      await journal.append(records, { durable: true, reserve: true });
    }
    return { journal, recovery: report };
  }

  private constructor(
    dir: string,
    fs: JournalFs,
    writer: SegmentWriter,
    ballast: Ballast,
    lastSeq: number,
    options: JournalOptions,
  ) {
    this.#dir = dir;
    this.#fs = fs;
    this.#writer = writer;
    this.#ballast = ballast;
    this.#durableSeq = lastSeq;
    this.#options = options;
    this.#handles = new HandlePool(fs, READ_HANDLES);
    this.#ahead = new ReadAhead(
      ({ segment, offset, length }) =>
        this.#handles.use(`${dir}/${segmentName(segment)}`, (file) => readUpTo(file, offset, length)),
      (segment) => writer.durableBytes(segment),
    );
  }

  /** Sequence number of the last durable record; 0 when there is none. */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  get epoch(): number {
    return this.#options.epoch;
  }

  /** True while appends are refused for want of room. */
  get isFull(): boolean {
    return this.#full !== undefined;
  }

  /**
   * Appends records with consecutive sequence numbers; resolves when they are durable. The records are taken as they
   * are at the call. A crash may keep the first few records of a batch and not the rest.
   * @throws DiskFull: none of them is in the journal, append them again after `retry`; StorageFailed, EpochFenced,
   *   LeaseLost, JournalClosed: for good.
   */
  append<R extends NewRecord>(records: readonly R[], options: AppendOptions): Promise<Appended> {
    const { durable, reserve = false } = options;
    const refusal = this.#ended ?? (reserve ? undefined : this.#full);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      if (records.length === 0) throw new RangeError("an append needs at least one record");
      const bodies = encodeBatch(records);
      this.#queue.push({ bodies, t: this.#options.clock(), durable, reserve, resolve, reject });
      for (const body of bodies) this.#queuedChars += body.length;
      this.#schedule(durable || this.#queuedChars >= FULL_QUEUE_CHARS);
    });
  }

  /** Calls `listener` with every record that becomes durable from now on: in order, once, after the sync. */
  onPublish(listener: PublishListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The records at a location that `append` or `scan` gave. Throws JournalCorrupt when they are damaged. */
  async read(location: Location): Promise<JournalRecord[]> {
    const name = segmentName(location.segment);
    const bytes = await this.#ahead.bytesAt(location);
    const records: JournalRecord[] = [];
    for (let at = 0; at < location.length; ) {
      const decoded = decodeAt(bytes, at);
      if ("problem" in decoded) throw new JournalCorrupt(name, location.offset + at, decoded.problem);
      records.push(decoded.record);
      at = decoded.next;
    }
    return records;
  }

  /** The records from `from` that are durable when the scan starts, every checksum checked. */
  scan(from = 1): AsyncGenerator<LocatedRecord, void> {
    return readSegments(this.#handles, this.#dir, [...this.#writer.segments], from, this.#seek);
  }

  /** Reads everything that is durable and checks it, footers' SHA-256 included. Throws JournalCorrupt. */
  verify(): Promise<void> {
    return verifySegments(this.#fs, this.#dir, [...this.#writer.segments]);
  }

  /**
   * After DiskFull: takes the ballast again and, when there was room for it and a segment beside it, accepts records.
   * Without that second part a run would wake only to fill the disk with its next record.
   */
  async retry(): Promise<boolean> {
    if (this.#ended) throw this.#ended;
    if (!this.#full) return true;
    try {
      await this.#ballast.take(this.#options.segmentBytes ?? SEGMENT_BYTES);
    } catch (error) {
      if (isDiskFull(error)) return false;
      throw error;
    }
    this.#full = undefined;
    this.#report({ kind: "room_again" });
    return true;
  }

  /** Makes what was appended durable and lets go of the files. Further appends are refused. */
  async close(): Promise<void> {
    this.#due = true;
    if (!this.#ended && this.#queue.length > 0) this.#start();
    this.#ended ??= new JournalClosed(this.#dir);
    await this.#writing;
    clearTimeout(this.#timer);
    await this.#handles.close();
    await this.#writer.close();
  }

  #schedule(now: boolean): void {
    if (now) this.#due = true;
    else this.#timer ??= setTimeout(() => this.#tick(), this.#options.groupCommitMs ?? GROUP_COMMIT_MS);
    if (this.#due) this.#start();
  }

  #tick(): void {
    this.#timer = undefined;
    this.#due = true;
    this.#start();
  }

  #start(): void {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
      if (this.#due && this.#queue.length > 0) this.#start();
    });
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // appends of the same tick share a sync
    while (this.#due && this.#queue.length > 0) {
      const maxBytes = Math.min(GROUP_BYTES, this.#writer.room);
      const group = takeGroup(this.#queue, this.#lines, { lastSeq: this.#durableSeq, epoch: this.epoch, maxBytes });
      if (this.#queue.length === 0) {
        this.#due = false;
        this.#queuedChars = 0;
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
      try {
        this.#publish(group, await this.#commit(group));
      } catch (error) {
        await this.#refuse(group, error);
      }
    }
  }

  async #commit(group: EncodedGroup<Appended>): Promise<Location> {
    await this.#options.fence?.();
    try {
      return await this.#writer.commit(group);
    } catch (cause) {
      if (isDiskFull(cause) || cause instanceof StorageError) throw cause;
      await this.#writer.reopen();
      const location = await this.#writer.commit(group);
      this.#report({ kind: "storage_reopened", cause });
      return location;
    }
  }

  #publish(group: EncodedGroup<Appended>, location: Location): void {
    this.#durableSeq = group.last;
    this.#seek.learn(location.segment, group.first, location.offset);
    if (this.#listeners.size > 0) {
      const records = group.json.map((json): JournalRecord => JSON.parse(json));
      for (const listener of [...this.#listeners]) {
        try {
          listener(records, { first: group.first, last: group.last, location });
        } catch (cause) {
          this.#report({ kind: "listener_failed", cause });
        }
      }
    }
    for (const { batch, first, offset, length } of group.batches) {
      const own = { segment: location.segment, offset: location.offset + offset, length };
      batch.resolve({ first, last: first + batch.bodies.length - 1, location: own });
    }
  }

  async #refuse(group: EncodedGroup<Appended>, error: unknown): Promise<void> {
    const batches = group.batches.map(({ batch }) => batch);
    if (isDiskFull(error)) {
      try {
        await this.#writer.reopen();
        await this.#pauseForRoom(batches, error);
      } catch (second) {
        this.#fail(batches, second);
      }
      return;
    }
    this.#fail(batches, error);
  }

  /**
   * Gives the ballast back and refuses everything that waits, except what may use that room: it is tried again, unless
   * it has already failed with the ballast gone.
   */
  async #pauseForRoom(batches: readonly Batch<Appended>[], cause: unknown): Promise<void> {
    const ballastWasGone = this.#full !== undefined;
    const full = this.#full ?? new DiskFull(this.#writer.path, cause);
    this.#full = full;
    if (!ballastWasGone) {
      await this.#ballast.release();
      this.#report({ kind: "disk_full", cause });
    }
    const waiting = [...batches, ...this.#queue.splice(0)];
    const again = ballastWasGone ? [] : waiting.filter((batch) => batch.reserve);
    this.#queue.unshift(...again);
    this.#due = again.length > 0;
    for (const batch of waiting) if (!again.includes(batch)) batch.reject(full);
  }

  #fail(batches: readonly Batch<Appended>[], cause: unknown): void {
    const error = cause instanceof StorageError ? cause : new StorageFailed(this.#writer.path, cause);
    this.#ended = error;
    for (const batch of [...batches, ...this.#queue.splice(0)]) batch.reject(error);
    this.#report({ kind: "failed", error });
  }

  #report(event: JournalEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      // The records are safe; an error of who listens must be loud, but not as a failure of the journal.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
