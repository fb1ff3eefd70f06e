import { createHash, type Hash } from "node:crypto";
import { EpochFenced, errorCode } from "./errors.ts";
import { type JournalFile, type JournalFs, readUpTo, writeAll } from "./fs.ts";
import { footerLine, type Location, type SegmentInfo, segmentName } from "./segment.ts";

interface Tail extends SegmentInfo {
  readonly file: JournalFile;
  /** Over all durable bytes of the segment. */
  readonly hash: Hash;
}

/** Consecutive records, encoded. */
export interface Group {
  readonly bytes: Buffer;
  readonly first: number;
  readonly last: number;
}

/**
 * Writes groups of records to the last segment and opens the next one when it is full. What it knows of a segment is
 * only what is durable: after an error, `reopen` returns the file to that state and the group may be committed
 * again.
 */
export class SegmentWriter {
  readonly #fs: JournalFs;
  readonly #dir: string;
  readonly #epoch: number;
  readonly #segmentBytes: number;
  readonly #clock: () => number;
  readonly #sealed: SegmentInfo[];
  #tail: Tail | undefined;

  static async open(
    fs: JournalFs,
    dir: string,
    segments: readonly SegmentInfo[],
    options: { epoch: number; segmentBytes: number; clock: () => number },
  ): Promise<SegmentWriter> {
    const writer = new SegmentWriter(fs, dir, segments, options);
    const last = segments.at(-1);
    if (last && !last.sealed) writer.#tail = await writer.#openTail(last);
    return writer;
  }

  private constructor(
    fs: JournalFs,
    dir: string,
    segments: readonly SegmentInfo[],
    options: { epoch: number; segmentBytes: number; clock: () => number },
  ) {
    this.#fs = fs;
    this.#dir = dir;
    this.#epoch = options.epoch;
    this.#segmentBytes = options.segmentBytes;
    this.#clock = options.clock;
    this.#sealed = segments.filter((segment) => segment.sealed);
  }

  /** All segments, the one being written last; only durable records count. */
  get segments(): readonly SegmentInfo[] {
    return this.#tail ? [...this.#sealed, this.#tail] : this.#sealed;
  }

  /** Bytes of whole records in a segment that are durable. */
  durableBytes(segment: number): number {
    return (segment === this.#tail?.number ? this.#tail : this.#sealed[segment - 1])?.bytes ?? 0;
  }

  /** Path of the segment that is written next, for messages. */
  get path(): string {
    return this.#path(this.#tail?.number ?? this.#sealed.length + 1);
  }

  /** Bytes that the next commit may have so that its segment does not grow far beyond the limit. */
  get room(): number {
    return this.#tail && !this.#isDone(this.#tail) ? this.#segmentBytes - this.#tail.bytes : this.#segmentBytes;
  }

  /** Writes and syncs. On an error the segment may hold part of the group beyond its durable end. */
  async commit(group: Group): Promise<Location> {
    let tail = this.#tail;
    if (tail && this.#isDone(tail)) {
      await this.#seal(tail);
      tail = undefined;
    }
    tail ??= this.#tail = await this.#create(this.#sealed.length + 1);
    await writeAll(tail.file, group.bytes, tail.bytes);
    await tail.file.datasync();
    const location = { segment: tail.number, offset: tail.bytes, length: group.bytes.length };
    tail.hash.update(group.bytes);
    this.#tail = {
      ...tail,
      last: group.last,
      count: tail.count + (group.last - group.first + 1),
      bytes: tail.bytes + group.bytes.length,
      epoch: this.#epoch,
    };
    return location;
  }

  /**
   * After a failed write or sync the kernel may have dropped the pages and call the descriptor clean: take a new one,
   * check that all that was durable is still there, and cut what the unfinished commit left beyond it.
   */
  async reopen(): Promise<void> {
    if (!this.#tail) return;
    const { file, ...info } = this.#tail;
    await file.close().catch(() => undefined); // the descriptor is being given up because it failed
    this.#tail = await this.#openTail(info);
    await this.#tail.file.truncate(this.#tail.bytes);
    await this.#tail.file.datasync();
  }

  async close(): Promise<void> {
    await this.#tail?.file.close();
    this.#tail = undefined;
  }

  /** A new owner starts a new segment: a late write of the previous one cannot land among its records. */
  #isDone(tail: Tail): boolean {
    return tail.count > 0 && (tail.bytes >= this.#segmentBytes || tail.epoch < this.#epoch);
  }

  async #seal(tail: Tail): Promise<void> {
    const footer = Buffer.from(footerLine(tail, tail.hash, this.#clock()));
    await writeAll(tail.file, footer, tail.bytes);
    await tail.file.datasync();
    const { file, hash: _, ...info } = tail;
    this.#sealed.push({ ...info, sealed: true });
    this.#tail = undefined;
    await file.close();
  }

  async #create(number: number): Promise<Tail> {
    const path = this.#path(number);
    const file = await this.#openNew(path);
    try {
      await this.#fs.syncDir(this.#dir);
    } catch (error) {
      await file.close();
      throw error;
    }
    const first = (this.#sealed.at(-1)?.last ?? 0) + 1;
    const hash = createHash("sha256");
    return { number, first, last: first - 1, epoch: this.#epoch, count: 0, bytes: 0, sealed: false, file, hash };
  }

  /** Exclusive: only an empty file, left by an attempt that failed half-way, is taken over. */
  async #openNew(path: string): Promise<JournalFile> {
    try {
      return await this.#fs.open(path, "create");
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const file = await this.#fs.open(path, "edit");
    if ((await file.size()) === 0) return file;
    await file.close();
    throw new EpochFenced(this.#epoch, `it has begun ${path}`);
  }

  /** Opens a segment that exists and checks its durable part against what is known of it. */
  async #openTail(info: SegmentInfo & { readonly hash?: Hash }): Promise<Tail> {
    const path = this.#path(info.number);
    const file = await this.#fs.open(path, "edit");
    const bytes = await readUpTo(file, 0, info.bytes);
    const hash = createHash("sha256").update(bytes);
    const known = info.hash?.copy().digest("hex");
    if (bytes.length !== info.bytes || (known !== undefined && known !== hash.copy().digest("hex"))) {
      await file.close();
      throw new Error(`${path} no longer holds what was stored in it`);
    }
    return { ...info, file, hash };
  }

  #path(number: number): string {
    return `${this.#dir}/${segmentName(number)}`;
  }
}
