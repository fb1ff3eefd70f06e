import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { isAlive, ownIdentity } from "../../hostinfo/processIdentity.ts";
import { errorCode } from "../journal/errors.ts";
import { IndexError, isDamage } from "./errors.ts";
import { stillHolds } from "./journalTail.ts";
import { createTables, isEmpty, isOurs, openForWriting } from "./schema.ts";
import { positionOf } from "./store.ts";

/**
 * Opens a run's index for writing, making it when there is none. One of another version, of another journal or a damaged
 * one is removed first: it is derived.
 */
export function openIndex(file: string, runDir: string, identity: string): DatabaseSync {
  const found = tryOpen(file, runDir, identity);
  if (found !== null) return found;
  replacing(file, () => {
    // Somebody may have replaced it while this process waited.
    const again = tryOpen(file, runDir, identity);
    again?.close();
    if (again === null) removeIndex(file);
  });
  const made = tryOpen(file, runDir, identity);
  if (made === null)
    throw new IndexError("index_damaged", `The index ${file} cannot be made anew. Remove it and try again.`);
  return made;
}

/** Makes the index anew, although it opens: a page inside of it is damaged. */
export function replaceIndex(file: string, runDir: string, identity: string): DatabaseSync {
  replacing(file, () => removeIndex(file));
  return openIndex(file, runDir, identity);
}

function tryOpen(file: string, runDir: string, identity: string): DatabaseSync | null {
  let db: DatabaseSync | undefined;
  try {
    db = openForWriting(file);
    if (isEmpty(db)) createTables(db, identity);
    if (isOurs(db, identity) && stillHolds(runDir, positionOf(db))) return db;
  } catch (error) {
    db?.close();
    if (isDamage(error)) return null;
    throw readable(file, error);
  }
  db.close();
  return null;
}

/** A process that still has the old files open goes on with them, harmlessly: it sees that they are no longer these. */
function removeIndex(file: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
}

const GUARD_MS = 10_000;
const POLL_MS = 20;

/** One process at a time: files that one is making must not be taken for the old ones by another. */
function replacing(file: string, work: () => void): void {
  const guard = `${file}.replace`;
  const end = Date.now() + GUARD_MS;
  while (!take(guard)) {
    if (isAbandoned(guard)) rmSync(guard, { force: true });
    else if (Date.now() > end) {
      throw new IndexError(
        "index_busy",
        `Another process has been replacing ${file} for ${GUARD_MS / 1000} s. If none is, remove ${guard}.`,
      );
    } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  try {
    work();
  } finally {
    rmSync(guard, { force: true });
  }
}

function take(guard: string): boolean {
  try {
    const descriptor = openSync(guard, "wx", 0o600);
    try {
      writeSync(descriptor, JSON.stringify(ownIdentity()));
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw readable(guard, error);
  }
}

function isAbandoned(guard: string): boolean {
  try {
    const owner: unknown = JSON.parse(readFileSync(guard, "utf8"));
    return !isAlive(owner as ReturnType<typeof ownIdentity>);
  } catch {
    return false; // just being written, or just gone
  }
}

function readable(file: string, error: unknown): unknown {
  const code = errorCode(error);
  const isRefused =
    code === "EACCES" || code === "EROFS" || code === "EPERM" || /readonly|unable to open/.test(String(error));
  if (!isRefused) return error;
  return new IndexError(
    "cache_unwritable",
    `The index ${file} cannot be written (${error instanceof Error ? error.message : error}). ` +
      "Make its folder writable, or set XDG_CACHE_HOME to one on a local disk that is.",
    error,
  );
}
