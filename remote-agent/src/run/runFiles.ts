import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { RemoteFile } from "../protocol/runActions.ts";
import { errorCode } from "./journal/errors.ts";

/** The file is not there any more, or is another one; a new listing says what is there now. */
export class FileChanged extends Error {
  override readonly name = "FileChanged";
}

/**
 * What makes up a run, in the order in which a run at work has to be copied: a record names only what was on disk before it, so
 * its journal comes first. Tokens, locks and sockets are not among them.
 */
const PARTS = [
  "run.yaml",
  "run.patch.yaml",
  "annotations.json",
  "journal",
  "packs",
  "checkpoints",
  "logs",
  "tensorboard",
];

/** These only grow or are replaced by another file: what was once read of them stays true. */
const GROWING = /^(journal|packs|logs|tensorboard)\//;

/** The files of a run, or of all that lies in a directory (`parts: null`). */
export async function listFiles(
  directory: string,
  { checkpoints = "all", parts = PARTS }: { checkpoints?: "all" | "none"; parts?: readonly string[] | null } = {},
): Promise<RemoteFile[]> {
  const wanted = (parts ?? (await readdir(directory)).sort()).filter(
    (part) => parts === null || checkpoints === "all" || part !== "checkpoints",
  );
  const files: RemoteFile[] = [];
  for (const part of wanted) await collect(directory, part, files);
  return files;
}

/** A piece of a file that was listed. @throws FileChanged */
export async function readPiece(
  directory: string,
  piece: { path: string; version: string; from: number; length: number },
  parts: readonly string[] | null = PARTS,
): Promise<{ data: string; sha256: string }> {
  const file = await inside(directory, piece.path, parts);
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw ["ENOENT", "ENOTDIR", "ELOOP"].includes(String(errorCode(error))) ? changed(piece.path) : error;
  });
  try {
    const found = await handle.stat();
    if (!found.isFile() || versionOf(piece.path, found) !== piece.version) throw changed(piece.path);
    const buffer = Buffer.alloc(Math.max(0, Math.min(piece.length, found.size - piece.from)));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, piece.from);
    const bytes = buffer.subarray(0, bytesRead);
    return { data: bytes.toString("base64"), sha256: createHash("sha256").update(bytes).digest("hex") };
  } finally {
    await handle.close();
  }
}

async function collect(directory: string, relative: string, into: RemoteFile[]): Promise<void> {
  const name = path.basename(relative);
  if (name.startsWith(".") || name.endsWith(".tmp")) return; // half written, or being removed
  const full = path.join(directory, relative);
  const entries = await readdir(full, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === "ENOTDIR") return null;
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  if (entries === null) {
    const found = await stat(full).catch(() => null); // it went meanwhile
    if (found?.isFile()) into.push({ path: relative, bytes: found.size, version: versionOf(relative, found) });
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isFile() || entry.isDirectory()) await collect(directory, `${relative}/${entry.name}`, into);
}

function versionOf(relative: string, { ino, size, mtimeMs }: Stats): string {
  return GROWING.test(relative) ? `${ino}` : `${ino}-${size}-${mtimeMs}`;
}

/** The file's place; nothing outside the directory, whatever links lead there, and nothing that a listing leaves out. */
async function inside(directory: string, relative: string, parts: readonly string[] | null): Promise<string> {
  const steps = relative.split("/");
  const odd = steps.some((step) => step === "" || step.startsWith(".") || step.includes("\0") || step.includes("\\"));
  if (odd || (parts !== null && !parts.includes(steps[0] ?? ""))) throw changed(relative);
  const full = path.join(directory, ...steps);
  const [root, folder] = await Promise.all([realpath(directory), realpath(path.dirname(full)).catch(() => null)]);
  if (folder === null || (folder !== root && !folder.startsWith(root + path.sep))) throw changed(relative);
  return full;
}

function changed(relative: string): FileChanged {
  return new FileChanged(`${relative} is not the file that was listed: list the run's files again.`);
}
