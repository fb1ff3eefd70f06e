import { mkdir, rename, rm, stat, statfs, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { commitOf, filesOf, type Hub, HubError, type HubFile } from "./hub.ts";
import { downloadBlob } from "./hubBlob.ts";

export interface HubDownload {
  readonly model: string;
  /** Folder of the Hugging Face cache, in the layout of huggingface_hub, which can use what comes here and the other way round. */
  readonly cache: string;
  readonly hub: Hub;
  readonly onProgress: (file: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
  readonly pauseMs?: (attempt: number) => number;
}

/** Left free beside the model, bytes. */
const MARGIN = 256 * 2 ** 20;
const LOCK_FRESH_MS = 60_000;
const LOCK_TOUCH_MS = 10_000;

/**
 * Downloads a model's newest commit into the cache, or finds it there. What was cut goes on where it was; the model has its name
 * (`refs/main`) only when every file's hash is right. @returns the snapshot's folder. @throws HubError, HubAccess; the signal's reason
 */
export async function downloadModel(options: HubDownload): Promise<string> {
  const { model, cache, hub, onProgress, signal } = options;
  const repository = path.join(cache, `models--${model.replace("/", "--")}`);
  const commit = await commitOf(hub, model, "main", signal);
  const files = await filesOf(hub, model, commit, signal);
  const blobs = path.join(repository, "blobs");
  const snapshot = path.join(repository, "snapshots", commit);
  await Promise.all([blobs, snapshot, path.join(repository, "refs")].map((made) => mkdir(made, { recursive: true })));
  const release = await takeLock(path.join(repository, ".rzero-lock"), model);
  try {
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    await roomFor(blobs, files, model);
    for (const file of files) {
      const target = path.join(blobs, file.etag);
      const before = done;
      onProgress(file.name, before, total);
      if ((await stat(target).catch(() => null))?.size !== file.bytes) {
        await downloadBlob(
          file,
          { model, commit, target },
          {
            hub,
            signal,
            onBytes: (bytes) => onProgress(file.name, before + bytes, total),
            pauseMs: options.pauseMs ?? ((attempt) => 500 * 2 ** attempt),
          },
        );
      }
      done += file.bytes;
      await link(path.relative(snapshot, target), path.join(snapshot, file.name));
    }
    const main = path.join(repository, "refs", "main");
    await writeFile(`${main}.new`, commit);
    await rename(`${main}.new`, main);
    onProgress("", total, total);
    return snapshot;
  } finally {
    await release();
  }
}

async function link(target: string, name: string): Promise<void> {
  await rm(name, { force: true });
  await symlink(target, name);
}

async function roomFor(folder: string, files: readonly HubFile[], model: string): Promise<void> {
  const sizes = await Promise.all(
    files.map(async ({ etag, bytes }) => {
      const there = (await stat(path.join(folder, etag)).catch(() => null))?.size ?? 0;
      const part = (await stat(path.join(folder, `${etag}.incomplete`)).catch(() => null))?.size ?? 0;
      return Math.max(0, bytes - Math.max(there, part));
    }),
  );
  const needed = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(folder);
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (needed > 0 && bavail * bsize < needed + MARGIN)
    throw new HubError(
      `${model} needs ${gib(needed)} more at ${folder}, and ${gib(bavail * bsize)} are free: free some space, or set HF_HOME to a folder on a larger disk in rzero.hosts.`,
    );
}

/** One download of a model at a time, whoever asks: two would write the same parts. A lock that nobody touches any more is taken over. */
async function takeLock(lock: string, model: string): Promise<() => Promise<void>> {
  const made = await mkdir(lock).then(
    () => true,
    () => false,
  );
  if (!made) {
    const touched = (await stat(lock).catch(() => null))?.mtimeMs ?? 0;
    if (Date.now() - touched < LOCK_FRESH_MS)
      throw new HubError(
        `${model} is being downloaded on this host by somebody already: try again when that has ended.`,
      );
  }
  const touch = () => utimes(lock, new Date(), new Date()).catch(() => undefined); // taken over: the hashes decide
  await touch();
  const timer = setInterval(touch, LOCK_TOUCH_MS).unref();
  return async () => {
    clearInterval(timer);
    await rm(lock, { recursive: true, force: true });
  };
}
