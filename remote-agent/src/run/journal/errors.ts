/**
 * What can go wrong with a run's files. Every message is a sentence for the user: what happened, where, what to do.
 * `reason` is stable and goes into records and exit codes; `detail` is for the log.
 */
export type StorageReason =
  | "journal_corrupt"
  | "journal_closed"
  | "epoch_fenced"
  | "storage_failed"
  | "disk_full"
  | "run_locked"
  | "lease_lost"
  | "pack_unreadable"
  | "payload_removed"
  | "blob_unreadable"
  | "checkpoint_incomplete";

export class StorageError extends Error {
  readonly reason: StorageReason;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(reason: StorageReason, message: string, detail: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.reason = reason;
    this.detail = detail;
  }
}

/** Bytes that were durable once do not read back as they were written. Nothing is changed on disk. */
export class JournalCorrupt extends StorageError {
  readonly segment: string;
  readonly offset: number;

  constructor(segment: string, offset: number, problem: string) {
    super(
      "journal_corrupt",
      `The journal is damaged in ${segment} at byte ${offset}: ${problem}. The run was not opened and nothing was changed. ` +
        "Restore the run's directory from a copy, or save the readable records with `rzero salvage` and start a new run from its last checkpoint.",
      { segment, offset, problem },
    );
    this.segment = segment;
    this.offset = offset;
  }
}

/** The journal already holds records of a later owner. */
export class EpochFenced extends StorageError {
  constructor(mine: number, evidence: string) {
    super(
      "epoch_fenced",
      `Another process owns this run now: ${evidence}, and this process has epoch ${mine}. It must stop; attach to the new owner instead.`,
      { mine, evidence },
    );
  }
}

/** Writing failed twice, the second time on a fresh descriptor. The journal takes no more records. */
export class StorageFailed extends StorageError {
  constructor(path: string, cause: unknown) {
    super(
      "storage_failed",
      `The disk refused to store ${path}: ${sentence(cause)}. Everything that was acknowledged is kept; check the disk or the network mount, then resume the run.`,
      { path },
      cause,
    );
  }
}

/** No room. Nothing of the refused write is in the file: it may be repeated as it was, once there is room. */
export class DiskFull extends StorageError {
  constructor(path: string, cause: unknown) {
    super(
      "disk_full",
      `There is no room to store ${path}: ${sentence(cause)}. Nothing is lost; free space or raise the quota and the run goes on.`,
      { path },
      cause,
    );
  }
}

export class JournalClosed extends StorageError {
  constructor(path: string) {
    super("journal_closed", `The journal in ${path} is closed; open the run again to write to it.`, { path });
  }
}

export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return undefined;
}

export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

function sentence(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
