import { randomBytes } from "node:crypto";
import * as node from "node:fs/promises";
import { errorCode } from "./errors.ts";

/**
 * The few effects the run's files need, so that tests can inject a full disk, a failing one, short writes and a crash
 * at any byte. Errors are node's, with `code`.
 */
export interface JournalFs {
  open(path: string, how: OpenMode): Promise<JournalFile>;
  /** Names in a directory, sorted; empty when it does not exist. */
  list(dir: string): Promise<string[]>;
  makeDir(dir: string): Promise<void>;
  /** Makes creations, renames and removals in `dir` durable. */
  syncDir(dir: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; no error when it is not there. */
  remove(path: string): Promise<void>;
}

/** `create` fails with EEXIST, `edit` keeps the content, `overwrite` empties it or creates the file. */
export type OpenMode = "create" | "edit" | "overwrite" | "read";

export interface JournalFile {
  /** May write less than asked, as write(2) does. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** 0 at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** fdatasync: content and size. */
  datasync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

const FLAGS: Record<OpenMode, string> = { create: "wx+", edit: "r+", overwrite: "w+", read: "r" };

export const nodeFs: JournalFs = {
  async open(path, how) {
    const handle = await node.open(path, FLAGS[how], 0o600);
    return {
      write: async (bytes, position) => (await handle.write(bytes, 0, bytes.byteLength, position)).bytesWritten,
      read: async (into, position) => (await handle.read(into, 0, into.byteLength, position)).bytesRead,
      truncate: (size) => handle.truncate(size),
      datasync: () => handle.datasync(),
      size: async () => (await handle.stat()).size,
      close: () => handle.close(),
    };
  },
  async list(dir) {
    try {
      return (await node.readdir(dir)).sort();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  },
  async makeDir(dir) {
    await node.mkdir(dir, { recursive: true, mode: 0o700 });
  },
  async syncDir(dir) {
    const handle = await node.open(dir, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename: (from, to) => node.rename(from, to),
  remove: (path) => node.rm(path, { force: true }),
};

export async function writeAll(file: JournalFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const written = await file.write(bytes.subarray(done), position + done);
    if (written === 0) throw Object.assign(new Error("the file system wrote nothing"), { code: "EIO" });
    done += written;
  }
}

/** Reads up to `length` bytes; fewer only at the end of the file. */
export async function readUpTo(file: JournalFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = await file.read(bytes.subarray(done), position + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** Writes a whole file so that after a crash it is either absent (or the old one) or complete. */
export async function writeDurably(fs: JournalFs, dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${dir}/.${name}.${randomBytes(4).toString("hex")}.tmp`;
  const file = await fs.open(temporary, "overwrite");
  try {
    await writeAll(file, bytes, 0);
    await file.datasync();
  } catch (error) {
    await file.close();
    await fs.remove(temporary);
    throw error;
  }
  await file.close();
  await fs.rename(temporary, `${dir}/${name}`);
  await fs.syncDir(dir);
}
