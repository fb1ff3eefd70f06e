const READ_ONLY = "it lies on a file system that is read-only";
const FORBIDDEN = "this user may not write there";
const FULL = "there is no room";
const WHY: Record<string, string> = {
  EROFS: READ_ONLY,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  ENOSPC: FULL,
  EDQUOT: "the quota is used up",
  EIO: "the disk reports an error",
};

/**
 * A file system's refusal as a sentence for a person: what could not be used, why, and what to do. Null for other errors,
 * which have a sentence of their own.
 */
export function fileTrouble(error: unknown): string | null {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error) || typeof error.code !== "string")
    return null;
  // Making a directory with those above it, Node reports a read-only file system as ENOENT.
  const unmade = error.code === "ENOENT" && error.syscall === "mkdir";
  const why = unmade ? "it could not be made, and what it would lie in is probably read-only" : WHY[error.code];
  if (why === undefined) return null;
  const place = "path" in error && typeof error.path === "string" ? error.path : "A file";
  const remedy =
    why === FULL || error.code === "EDQUOT"
      ? "Free some space or raise the quota, then try again."
      : error.code === "EIO"
        ? "Check the disk or the network mount, then try again."
        : "Make it writable, or choose other places: RZERO_HOME for runs, XDG_CACHE_HOME for what is downloaded or made once.";
  return `${place} cannot be used: ${why} (${error.code}). ${remedy}`;
}
