import { errorCode, StorageError } from "./errors.ts";
import { type JournalFs, nodeFs, readUpTo } from "./fs.ts";
import { HandlePool } from "./handlePool.ts";
import { decodeEntry, type ReadEntry } from "./packEntry.ts";
import type { PackRef } from "./packs.ts";

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

/** Reads entries of any pack of a run; keeps at most `maxOpen` files open. */
export class PackReader {
  readonly #dir: string;
  readonly #handles: HandlePool;

  constructor(runDir: string, options: { readonly fs?: JournalFs; readonly maxOpen?: number } = {}) {
    this.#dir = `${runDir}/packs`;
    this.#handles = new HandlePool(options.fs ?? nodeFs, options.maxOpen ?? 16);
  }

  /** @throws PackUnreadable when the pack was removed, is too short or damaged. */
  async read(ref: PackRef): Promise<ReadEntry> {
    if (!/^[\w-]+\.pack$/.test(ref.pack)) throw new PackUnreadable(ref, "this is not the name of a pack");
    const bytes = await this.#bytes(ref);
    if (bytes.length < ref.length) throw new PackUnreadable(ref, "the file ends before the entry does");
    const entry = decodeEntry(bytes);
    if ("problem" in entry) throw new PackUnreadable(ref, entry.problem);
    return entry;
  }

  close(): Promise<void> {
    return this.#handles.close();
  }

  async #bytes(ref: PackRef): Promise<Buffer> {
    try {
      return await this.#handles.use(`${this.#dir}/${ref.pack}`, (file) => readUpTo(file, ref.offset, ref.length));
    } catch (error) {
      if (errorCode(error) === "ENOENT") throw new PackUnreadable(ref, "the file is not there", error);
      throw error;
    }
  }
}
