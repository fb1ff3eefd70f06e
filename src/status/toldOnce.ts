import { createHash } from "node:crypto";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

/** So many claims are kept: beyond, the oldest go. */
const KEPT = 2000;
/** A window that nobody looks at leaves it to one that somebody does for so long. */
const YIELD_MS = 2000;

export interface ToldOncePorts {
  /** Where the windows of one editor meet. */
  readonly folder: string;
  /** Whether the person looks at this window. */
  readonly isFocused: () => boolean;
  readonly wait: (ms: number) => Promise<void>;
  /** What is told may be told again by another window. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Hands out each telling to one window, over all windows of an editor and over reloads: a claim is a file that only one can make. The
 * editor's own memory would not do, because a window learns of what another wrote there after a while.
 */
export class ToldOnce {
  readonly #ports: ToldOncePorts;

  constructor(ports: ToldOncePorts) {
    this.#ports = ports;
  }

  /** Whether it is this window that tells. Where no claim can be made it is: told twice is better than never. */
  async claim(key: string): Promise<boolean> {
    const { folder, isFocused, wait, onTrouble } = this.#ports;
    const file = path.join(folder, createHash("sha256").update(key).digest("hex").slice(0, 32));
    try {
      if (await isThere(file)) return false;
      if (!isFocused()) await wait(YIELD_MS);
      await mkdir(folder, { recursive: true });
      if (!(await made(file))) return false;
      await this.#prune();
    } catch (error) {
      onTrouble(error);
    }
    return true;
  }

  async #prune(): Promise<void> {
    const { folder } = this.#ports;
    const names = await readdir(folder);
    if (names.length <= KEPT) return;
    const dated = await Promise.all(
      names.map(async (name) => ({
        name,
        at: await stat(path.join(folder, name)).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      })),
    );
    // Some more than needed, so that this is seldom.
    const old = dated.sort((a, b) => a.at - b.at).slice(0, names.length - KEPT / 2);
    await Promise.all(old.map(({ name }) => rm(path.join(folder, name), { force: true })));
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** False where somebody else has made it. */
async function made(file: string): Promise<boolean> {
  try {
    await (await open(file, "wx")).close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
