import { DiskFull, isDiskFull, StorageFailed } from "./errors.ts";
import { type JournalFile, type JournalFs, nodeFs, writeAll } from "./fs.ts";
import { encodeEntry, type PackEntry } from "./packEntry.ts";

/** Where an entry lies. Goes into the record of its trajectory. */
export interface PackRef {
  /** File name in `<runDir>/packs`. */
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

export interface PackWriterOptions {
  readonly runDir: string;
  /** Hash of the call key: letters, digits, `_` and `-`. */
  readonly callHash: string;
  /** Which pack of the call, for instance the number of its chunk. */
  readonly part: number;
  /**
   * End of the last entry that the journal names: what lies behind it was left by a call that did not finish and is
   * written over. 0, the default, starts the pack anew.
   */
  readonly keepBytes?: number;
  readonly fs?: JournalFs;
}

/**
 * Collects the token ids, logprobs and texts of a call's trajectories in one append-only file. `add` only encodes;
 * `sync` writes everything that was added and makes it durable, once per wave, before a record names it.
 */
export class PackWriter {
  readonly name: string;
  readonly #dir: string;
  readonly #fs: JournalFs;
  #file: JournalFile | undefined;
  #durableBytes: number;
  #waiting: Buffer[] = [];
  #end: number;
  #syncing: Promise<void> = Promise.resolve();

  constructor(options: PackWriterOptions) {
    this.name = packName(options.callHash, options.part);
    this.#dir = `${options.runDir}/packs`;
    this.#fs = options.fs ?? nodeFs;
    this.#durableBytes = options.keepBytes ?? 0;
    this.#end = this.#durableBytes;
  }

  /** The entry may be read after the next `sync`. */
  add(entry: PackEntry): PackRef {
    const bytes = encodeEntry(entry);
    this.#waiting.push(bytes);
    const ref = { pack: this.name, offset: this.#end, length: bytes.length };
    this.#end += bytes.length;
    return ref;
  }

  /**
   * @throws DiskFull: everything added is kept and the next `sync` writes it; StorageFailed when writing also failed
   *   on a fresh descriptor.
   */
  sync(): Promise<void> {
    const turn = this.#syncing.then(() => this.#syncNow());
    this.#syncing = turn.catch(() => undefined); // reported to its own caller; the next one tries again
    return turn;
  }

  /** Lets go of the file. What was added and not synced is dropped. */
  async close(): Promise<void> {
    await this.#syncing;
    await this.#dropHandle();
  }

  async #syncNow(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const count = this.#waiting.length;
    const bytes = Buffer.concat(this.#waiting);
    try {
      await this.#write(bytes).catch(async (first: unknown) => {
        await this.#dropHandle();
        if (isDiskFull(first)) throw first;
        await this.#write(bytes);
      });
    } catch (error) {
      await this.#dropHandle();
      const path = `${this.#dir}/${this.name}`;
      throw isDiskFull(error) ? new DiskFull(path, error) : new StorageFailed(path, error);
    }
    this.#durableBytes += bytes.length;
    this.#waiting = this.#waiting.slice(count);
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#file ??= await this.#open();
    await writeAll(this.#file, bytes, this.#durableBytes);
    await this.#file.datasync();
  }

  /** Opens the pack and cuts it to what is durable. */
  async #open(): Promise<JournalFile> {
    const path = `${this.#dir}/${this.name}`;
    await this.#fs.makeDir(this.#dir);
    const file = await this.#fs.open(path, this.#durableBytes === 0 ? "overwrite" : "edit");
    try {
      const size = await file.size();
      if (size < this.#durableBytes)
        throw new Error(`${path} has ${size} bytes of ${this.#durableBytes} that were stored`);
      await file.truncate(this.#durableBytes);
      await this.#fs.syncDir(this.#dir);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #dropHandle(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined); // its content is either synced or written again
  }
}

export function packName(callHash: string, part: number): string {
  if (!/^[\w-]{1,128}$/.test(callHash)) throw new TypeError(`a call hash is letters, digits, _ and -, not ${callHash}`);
  return `${callHash}-${part}.pack`;
}
