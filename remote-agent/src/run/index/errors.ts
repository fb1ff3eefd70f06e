/** Why a run's questions cannot be looked up; the message says what to do. */
export type IndexReason =
  | "no_fts"
  | "cache_unwritable"
  | "index_damaged"
  | "no_record"
  | "no_question"
  | "unread"
  | "bad_search"
  | "bad_cursor"
  | "index_busy"
  | "cancelled";

export class IndexError extends Error {
  override readonly name = "IndexError";
  readonly reason: IndexReason;

  constructor(reason: IndexReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether SQLite says that the file is not what it wrote: the index is thrown away and built anew. */
export function isDamage(error: unknown): boolean {
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(sqliteCode(error));
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_BUSY;
}

/** SQLite's primary result code, or -1 for an error that is not SQLite's. */
function sqliteCode(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return -1;
  return error.errcode & 0xff;
}
