import { createHash } from "node:crypto";
import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import path from "node:path";
import { errorCode } from "../journal/errors.ts";
import { segmentName } from "../journal/segment.ts";
import { IndexError } from "./errors.ts";
import { firstBytes } from "./firstBytes.ts";

/** Derived files of runs lie here, never beside the run, which may be on a network file system. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const cache = env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache");
  const own = path.join(cache, "rzero", "index");
  makeDirectory(own);
  if (!isNetworkFileSystem(own)) return own;
  // SQLite's shared memory does not work over a network: another machine could damage the file.
  const local = path.join(tmpdir(), `rzero-${userInfo().uid}`, "index");
  makeDirectory(local);
  return local;
}

/**
 * What tells one journal from every other: its run and a hash of its first line, which holds when and by whom it was begun.
 * Null while nothing is in it.
 */
export function journalIdentity(runDir: string): string | null {
  const head = headOf(path.join(runDir, "journal", segmentName(1)));
  const end = head.indexOf(0x0a);
  if (end < 0 && head.length < HEAD_BYTES) return null;
  const line = head.subarray(0, end < 0 ? HEAD_BYTES : end);
  const name = path
    .basename(path.resolve(runDir))
    .replace(/[^\w.-]/g, "_")
    .slice(0, 100);
  return `${name}-${createHash("sha256").update(line).digest("hex").slice(0, 16)}`;
}

const HEAD_BYTES = 4096;

function headOf(segment: string): Buffer {
  try {
    return firstBytes(segment, HEAD_BYTES);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new IndexError(
      "cache_unwritable",
      `The index of a run cannot be kept in ${directory} (${errorCode(error) ?? error}). ` +
        "Make this folder writable, or set XDG_CACHE_HOME to one on a local disk that is.",
      error,
    );
  }
}

/** f_type of statfs(2): NFS, SMB, CIFS, SMB2, AFS, Lustre, Ceph, BeeGFS, GPFS, FUSE (sshfs). */
const network = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x0bd00bd0, 0x00c36400, 0x19830326, 0x47504653, 0x65735546,
]);

function isNetworkFileSystem(directory: string): boolean {
  if (process.platform !== "linux") return false;
  return network.has(statfsSync(directory).type >>> 0);
}
