import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { DiskFull, errorCode, isDiskFull, StorageError, StorageFailed } from "./errors.ts";
import { type JournalFs, nodeFs, readUpTo, writeDurably } from "./fs.ts";

/** A blob cannot be given back as it was stored. */
export class BlobUnreadable extends StorageError {
  constructor(path: string, problem: string, cause?: unknown) {
    super(
      "blob_unreadable",
      `Stored data cannot be read (${path}): ${problem}. Restore the file from a copy of the run's directory.`,
      { path, problem },
      cause,
    );
  }
}

/**
 * Stores rows as `blobs/<sha256>.jsonl.gz`, the hash over the uncompressed lines; durable when it resolves, so that a
 * record may name it. The same rows are stored once.
 * @throws DiskFull, StorageFailed
 */
export async function writeBlob(runDir: string, rows: readonly unknown[], fs: JournalFs = nodeFs): Promise<string> {
  const lines = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const sha256 = createHash("sha256").update(lines).digest("hex");
  const dir = `${runDir}/blobs`;
  const name = `${sha256}.jsonl.gz`;
  try {
    await fs.makeDir(dir);
    // A name is given only to complete content, so a file of that name need not be read.
    if (!(await fs.list(dir)).includes(name)) await writeDurably(fs, dir, name, gzipSync(lines));
  } catch (error) {
    throw isDiskFull(error) ? new DiskFull(`${dir}/${name}`, error) : new StorageFailed(`${dir}/${name}`, error);
  }
  return sha256;
}

/** @throws BlobUnreadable when it is not there or does not have the content that its name says. */
export async function readBlob(runDir: string, sha256: string, fs: JournalFs = nodeFs): Promise<unknown[]> {
  const path = `${runDir}/blobs/${sha256}.jsonl.gz`;
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new BlobUnreadable(path, "this is not a SHA-256");
  const compressed = await readWhole(fs, path);
  const lines = decompress(path, compressed);
  if (createHash("sha256").update(lines).digest("hex") !== sha256) {
    throw new BlobUnreadable(path, "the content is not what its name says");
  }
  const rows: unknown[] = lines
    .toString("utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return rows;
}

async function readWhole(fs: JournalFs, path: string): Promise<Buffer> {
  try {
    const file = await fs.open(path, "read");
    try {
      return await readUpTo(file, 0, await file.size());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw new BlobUnreadable(path, "the file is not there", error);
    throw error;
  }
}

function decompress(path: string, compressed: Buffer): Buffer {
  try {
    return gunzipSync(compressed);
  } catch (error) {
    throw new BlobUnreadable(path, "it is not a whole gzip file", error);
  }
}
