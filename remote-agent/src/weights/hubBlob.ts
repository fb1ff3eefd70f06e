import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ask, causeOf, type Hub, HubError, type HubFile } from "./hub.ts";

export interface BlobPlace {
  readonly model: string;
  readonly commit: string;
  /** Where the content belongs; what has not all arrived lies beside it as `.incomplete`. */
  readonly target: string;
}

export interface BlobPorts {
  readonly hub: Hub;
  /** Bytes of the file that are there. */
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
  /** Milliseconds before try `n`, from 1. */
  readonly pauseMs: (attempt: number) => number;
}

/** Tries in a row that bring not one byte. */
const FRUITLESS = 5;
/** A connection over which nothing comes for so long is made anew. */
const STALLED_MS = 30_000;

/** Downloads one file, behind what an earlier try left, until its hash is right. @throws HubError, HubAccess; the signal's reason */
export async function downloadBlob(file: HubFile, place: BlobPlace, ports: BlobPorts): Promise<void> {
  const part = `${place.target}.incomplete`;
  let fruitless = 0;
  for (;;) {
    const from = await sizeOf(part);
    if (from > file.bytes) await rm(part, { force: true });
    else if (from === file.bytes) {
      if ((await hashOf(part, file)) === file.etag) return rename(part, place.target);
      await rm(part, { force: true });
      if (++fruitless >= 2)
        throw new HubError(`${file.name} of ${place.model} has another hash than ${ports.hub.endpoint} says.`);
      continue;
    }
    ports.signal.throwIfAborted();
    try {
      await receive(file, part, from > file.bytes ? 0 : from, place, ports);
      if (file.bytes === 0) await (await open(part, "a")).close();
    } catch (error) {
      if (ports.signal.aborted) throw ports.signal.reason;
      if (error instanceof HubError) throw error;
      fruitless = (await sizeOf(part)) > from ? 0 : fruitless + 1;
      if (fruitless >= FRUITLESS) {
        throw new HubError(
          `${file.name} of ${place.model} could not be downloaded from ${ports.hub.endpoint}: ${causeOf(error)}. What arrived is kept for the next try.`,
        );
      }
      await delay(ports.pauseMs(fruitless + 1), undefined, { signal: ports.signal });
    }
  }
}

async function receive(
  file: HubFile,
  part: string,
  from: number,
  { model, commit }: BlobPlace,
  { hub, onBytes, signal }: BlobPorts,
): Promise<void> {
  const stalled = new AbortController();
  const late = () => stalled.abort(new Error(`nothing came for ${STALLED_MS / 1000} s`));
  let timer = setTimeout(late, STALLED_MS);
  const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  let handle: FileHandle | null = null;
  try {
    const path = `/${model}/resolve/${commit}/${encodeURIComponent(file.name)}`;
    const response = await ask(hub, path, model, headers, AbortSignal.any([signal, stalled.signal]));
    // A server that knows no ranges sends the whole again.
    let at = response.status === 206 && rangeStart(response) === from ? from : 0;
    if (response.status === 206 && at !== from) throw new Error("another range came than was asked for");
    handle = await open(part, at > 0 ? "a" : "w", 0o644);
    if (response.body === null) return;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(late, STALLED_MS);
      if (at + chunk.length > file.bytes)
        throw new HubError(`${file.name} of ${model} is longer than ${hub.endpoint} says.`);
      await handle.write(chunk);
      at += chunk.length;
      onBytes(at);
    }
    if (at < file.bytes) throw new Error(`the connection ended after ${at} of ${file.bytes} bytes`);
    await handle.sync();
  } finally {
    clearTimeout(timer);
    await handle?.close();
  }
}

function rangeStart(response: Response): number | null {
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return start === undefined ? null : Number(start);
}

async function hashOf(path: string, { algorithm, bytes }: HubFile): Promise<string> {
  // Git hashes a header before the content.
  const hash: Hash = algorithm === "sha256" ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found?.size ?? 0;
}
