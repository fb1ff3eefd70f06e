import { randomFillSync } from "node:crypto";
import { type JournalFs, writeAll } from "./fs.ts";

export const BALLAST_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;

/**
 * A file that holds room for the moment when there is none: removed at ENOSPC, it lets the run record that it pauses.
 * Its bytes are random so that a compressing file system allocates them too.
 */
export class Ballast {
  readonly #fs: JournalFs;
  readonly #dir: string;
  readonly #bytes: number;

  constructor(fs: JournalFs, runDir: string, bytes: number) {
    this.#fs = fs;
    this.#dir = runDir;
    this.#bytes = bytes;
  }

  /**
   * Makes sure that the room is held, and that `headroom` bytes more would be free beside it. Throws the file system's
   * error, ENOSPC among them, and then holds nothing.
   */
  async take(headroom = 0): Promise<void> {
    const wanted = this.#bytes + headroom;
    if (wanted === 0) return;
    const names = await this.#fs.list(this.#dir);
    const file = await this.#fs.open(this.#path, names.includes("ballast") ? "edit" : "create");
    try {
      const chunk = randomFillSync(Buffer.allocUnsafe(Math.min(CHUNK_BYTES, wanted)));
      for (let at = await file.size(); at < wanted; at += chunk.length) {
        await writeAll(file, chunk.subarray(0, Math.min(chunk.length, wanted - at)), at);
      }
      await file.datasync();
      if (headroom > 0) await file.truncate(this.#bytes);
    } catch (error) {
      await file.close();
      await this.release();
      throw error;
    }
    await file.close();
    if (this.#bytes === 0) await this.release();
  }

  /** Gives the room back to the file system. */
  async release(): Promise<void> {
    await this.#fs.remove(this.#path);
    await this.#fs.syncDir(this.#dir);
  }

  get #path(): string {
    return `${this.#dir}/ballast`;
  }
}
