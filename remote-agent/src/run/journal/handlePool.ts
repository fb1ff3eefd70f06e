import type { JournalFile, JournalFs } from "./fs.ts";

interface Entry {
  readonly file: Promise<JournalFile>;
  users: number;
}

/** Read handles, opened on first use and bounded: the least recently used idle one is closed. */
export class HandlePool {
  readonly #fs: JournalFs;
  readonly #limit: number;
  readonly #entries = new Map<string, Entry>(); // in order of use

  constructor(fs: JournalFs, limit: number) {
    this.#fs = fs;
    this.#limit = limit;
  }

  async use<T>(path: string, work: (file: JournalFile) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(path) ?? { file: this.#fs.open(path, "read"), users: 0 };
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    entry.users += 1;
    try {
      return await work(await entry.file);
    } catch (error) {
      // A handle that failed (or never opened) is not offered again.
      if (this.#entries.get(path) === entry) this.#entries.delete(path);
      throw error;
    } finally {
      entry.users -= 1;
      if (this.#entries.get(path) !== entry && entry.users === 0) await closeQuietly(entry);
      await this.#shrink();
    }
  }

  /** The next use of this path opens it again. */
  async forget(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    this.#entries.delete(path);
    if (entry?.users === 0) await closeQuietly(entry);
  }

  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    // Those in use are closed by their last user.
    await Promise.all(entries.filter((entry) => entry.users === 0).map(closeQuietly));
  }

  async #shrink(): Promise<void> {
    for (const [path, entry] of this.#entries) {
      if (this.#entries.size <= this.#limit) return;
      if (entry.users > 0) continue;
      this.#entries.delete(path);
      await closeQuietly(entry);
    }
  }
}

/** Closing a descriptor that was only read cannot lose anything, so its error says nothing to anyone. */
async function closeQuietly(entry: Entry): Promise<void> {
  await entry.file.then((file) => file.close()).catch(() => undefined);
}
