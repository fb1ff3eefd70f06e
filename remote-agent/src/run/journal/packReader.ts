import { errorCode, StorageError } from "./errors.ts";
import { type JournalFile, type JournalFs, nodeFs, readUpTo } from "./fs.ts";
import { HandlePool } from "./handlePool.ts";
import { decodeEntry, type ReadEntry } from "./packEntry.ts";
import type { PackRef } from "./packs.ts";
import { readTrimmedIndex, type TrimmedIndex } from "./trimmedPack.ts";

/** A pack's entry cannot be given back as it was stored. */
export class PackUnreadable extends StorageError {
  constructor(ref: PackRef, problem: string, cause?: unknown) {
    super(
      "pack_unreadable",
      `An answer's stored tokens or text cannot be read (packs/${ref.pack} at byte ${ref.offset}): ${problem}. ` +
        "Restore the file from a copy of the run's directory; the journal itself is not affected.",
      { ...ref, problem },
      cause,
    );
  }
}

/** What was asked for was stored, and the run's retention rules have removed it since. */
export class PayloadRemoved extends StorageError {
  constructor(ref: PackRef, removed: readonly string[]) {
    super(
      "payload_removed",
      `The ${removed.join(" and ")} of this completion (packs/${ref.pack}) were removed by retention (payload.keep in run.yaml); its text is kept.`,
      { ...ref, removed },
    );
  }
}

/** Reads entries of any pack of a run; keeps at most `maxOpen` files open. */
export class PackReader {
  readonly #dir: string;
  readonly #handles: HandlePool;
  /** Of the open files: where a trimmed pack has its entries now; null for a pack as it was written. */
  readonly #indexes = new WeakMap<JournalFile, TrimmedIndex | null>();

  constructor(runDir: string, options: { readonly fs?: JournalFs; readonly maxOpen?: number } = {}) {
    this.#dir = `${runDir}/packs`;
    this.#handles = new HandlePool(options.fs ?? nodeFs, options.maxOpen ?? 16);
  }

  /**
   * What is there of an entry; `removed` names what retention took away.
   * @throws PackUnreadable when the pack is missing, too short or damaged.
   */
  async read(ref: PackRef): Promise<ReadEntry> {
    if (!/^[\w-]+\.pack$/.test(ref.pack)) throw new PackUnreadable(ref, "this is not the name of a pack");
    const bytes = await this.#bytes(ref);
    const entry = decodeEntry(bytes);
    if ("problem" in entry) throw new PackUnreadable(ref, entry.problem);
    return entry;
  }

  close(): Promise<void> {
    return this.#handles.close();
  }

  /** A pack was replaced: what is held of the old one is let go. */
  forget(pack: string): Promise<void> {
    return this.#handles.forget(`${this.#dir}/${pack}`);
  }

  async #bytes(ref: PackRef): Promise<Buffer> {
    try {
      return await this.#handles.use(`${this.#dir}/${ref.pack}`, async (file) => {
        const index = await this.#indexOf(file, ref);
        const place = index === null ? ref : index.get(ref.offset);
        if (place === undefined) throw new PackUnreadable(ref, "the pack was trimmed and has no entry of this place");
        const bytes = await readUpTo(file, place.offset, place.length);
        if (bytes.length < place.length) throw new PackUnreadable(ref, "the file ends before the entry does");
        return bytes;
      });
    } catch (error) {
      if (errorCode(error) === "ENOENT") throw new PackUnreadable(ref, "the file is not there", error);
      throw error;
    }
  }

  async #indexOf(file: JournalFile, ref: PackRef): Promise<TrimmedIndex | null> {
    const known = this.#indexes.get(file);
    if (known !== undefined) return known;
    const index = await readTrimmedIndex(file);
    if (index !== null && "problem" in index) throw new PackUnreadable(ref, index.problem);
    this.#indexes.set(file, index);
    return index;
  }
}
