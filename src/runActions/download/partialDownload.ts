import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type DownloadState, downloadState, type Stretch } from "./plan.ts";
import { safeSteps } from "./safePath.ts";

const STATE = ".download.json";

/** The host named a file that has no place below the folder of a download. */
export class UnsafePath extends Error {
  override readonly name = "UnsafePath";
}

/**
 * A download that is not whole yet, in a folder of its own. What its state says is on disk: bytes are synced before they are
 * counted, so a crash at any instant costs only what was not counted.
 */
export class PartialDownload {
  readonly directory: string;
  readonly state: DownloadState;
  /** Files that were written since the state was saved. */
  readonly #written = new Map<string, { version: string; done: number }>();

  private constructor(directory: string, state: DownloadState) {
    this.directory = directory;
    this.state = state;
  }

  /** Goes on with what lies there if it is of the same source; else begins. */
  static async open(directory: string, source: string): Promise<PartialDownload> {
    const text = await readFile(path.join(directory, STATE), "utf8").catch(() => "");
    const parsed = downloadState.safeParse(safeJson(text));
    if (parsed.success && parsed.data.source === source) return new PartialDownload(directory, parsed.data);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new PartialDownload(directory, { source, files: {} });
  }

  async forget(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    for (const name of paths) delete this.state.files[name];
    await this.save();
    for (const name of paths) await rm(this.#place(name), { force: true });
  }

  /** @throws UnsafePath */
  async write({ file, from }: Stretch, bytes: Uint8Array): Promise<void> {
    const place = this.#place(file.path);
    await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
    const handle = await open(place, from === 0 ? "w" : "r+", 0o600);
    try {
      await handle.write(bytes, 0, bytes.byteLength, from);
    } finally {
      await handle.close();
    }
    this.#written.set(file.path, { version: file.version, done: from + bytes.byteLength });
  }

  /** Makes what was written count. */
  async save(): Promise<void> {
    for (const name of this.#written.keys()) await sync(this.#place(name));
    for (const [name, progress] of this.#written) this.state.files[name] = progress;
    this.#written.clear();
    const file = path.join(this.directory, STATE);
    await writeFile(`${file}.tmp`, JSON.stringify(this.state), { mode: 0o600 });
    await sync(`${file}.tmp`);
    await rename(`${file}.tmp`, file);
  }

  /** Gives the whole its name, with `beside` as further files. */
  async finish(target: string, beside: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(beside)) {
      await writeFile(path.join(this.directory, name), text, { mode: 0o600 });
      await sync(path.join(this.directory, name));
    }
    await rm(path.join(this.directory, STATE), { force: true });
    await rename(this.directory, target);
  }

  async discard(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  #place(remote: string): string {
    const steps = safeSteps(remote);
    if (steps === null)
      throw new UnsafePath(`The host named a file that has no place here: ${JSON.stringify(remote)}.`);
    return path.join(this.directory, ...steps);
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
