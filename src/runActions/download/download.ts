import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import path from "node:path";
import { CHUNK_BYTES, type RemoteFile } from "../../../remote-agent/src/protocol/runActions.ts";
import { bytesText } from "../../launch/amounts.ts";
import { PartialDownload } from "./partialDownload.ts";
import { type DownloadPlan, planOf, type Stretch } from "./plan.ts";

/** Pieces that are asked for before the first one has come: a long way to the host costs no time. */
const UNDER_WAY = 6;
/** Other files, and other versions of files, are fetched anew so often: a run at work tidies up while it is copied. */
const ROUNDS = 6;
const SAVE_MS = 1000;

/** What came is not what was sent, or the run changes faster than it can be copied; the message says what to do. */
export class DownloadFailed extends Error {
  override readonly name = "DownloadFailed";
}

export interface Download {
  /** Where the whole will be; it appears there when it is whole. */
  readonly target: string;
  /** Where it grows, in the same file system; a download that ended early goes on there. */
  readonly aside: string;
  /** What it is a download of: something else begins anew. */
  readonly source: string;
  /** Further files of the whole. */
  readonly beside: Readonly<Record<string, string>>;
}

export interface DownloadPorts {
  readonly list: (signal: AbortSignal) => Promise<readonly RemoteFile[]>;
  /** Null: it is another file by now. */
  readonly piece: (stretch: Stretch, signal: AbortSignal) => Promise<{ data: string; sha256: string } | null>;
  readonly onProgress: (done: number, total: number) => void;
  readonly now: () => number;
}

/** Fetches all files, going on where an earlier attempt ended. @throws DownloadFailed, UnsafePath; the signal's reason */
export async function download(what: Download, ports: DownloadPorts, signal: AbortSignal): Promise<{ bytes: number }> {
  const partial = await PartialDownload.open(what.aside, what.source);
  for (let round = 1; round <= ROUNDS; round++) {
    const plan = planOf(await ports.list(signal), partial.state, CHUNK_BYTES);
    await refuseTooLarge(plan, path.dirname(what.aside));
    await partial.forget(plan.obsolete);
    // What a round that fetched everything has is a moment of the run; what changed later belongs to another one.
    if (await fetchAll(plan, partial, ports, signal)) {
      await partial.finish(what.target, what.beside);
      return { bytes: plan.bytes.total };
    }
  }
  throw new DownloadFailed(
    "The run's files changed again and again while they were copied: pause the run, and try again.",
  );
}

/** @returns false when a file was no longer the one listed */
async function fetchAll(
  plan: DownloadPlan,
  partial: PartialDownload,
  ports: DownloadPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const waiting = plan.stretches.values();
  const asked: { stretch: Stretch; answer: ReturnType<DownloadPorts["piece"]> }[] = [];
  const ask = () => {
    const { value: stretch } = waiting.next();
    if (stretch === undefined) return;
    const answer =
      stretch.length === 0
        ? Promise.resolve({ data: "", sha256: sha256(Buffer.alloc(0)) })
        : ports.piece(stretch, either);
    answer.catch(() => undefined); // it is looked at in its turn
    asked.push({ stretch, answer });
  };
  let { done } = plan.bytes;
  let saved = ports.now();
  ports.onProgress(done, plan.bytes.total);
  try {
    for (let i = 0; i < UNDER_WAY; i++) ask();
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      signal.throwIfAborted();
      const answer = await next.answer;
      if (answer === null) return false;
      const bytes = checked(answer, next.stretch);
      if (bytes === null) return false;
      await partial.write(next.stretch, bytes);
      ask();
      done += bytes.byteLength;
      ports.onProgress(done, plan.bytes.total);
      if (ports.now() - saved < SAVE_MS) continue;
      await partial.save();
      saved = ports.now();
    }
    return true;
  } finally {
    stop.abort(); // pieces that nobody waits for any more
    await partial.save();
  }
}

/** Null: the file became shorter. @throws DownloadFailed */
function checked(
  { data, sha256: said }: { data: string; sha256: string },
  { file, length }: Stretch,
): Uint8Array | null {
  const bytes = Buffer.from(data, "base64");
  if (sha256(bytes) !== said || bytes.byteLength > length)
    throw new DownloadFailed(`A piece of ${file.path} did not arrive as it was sent: try again.`);
  return bytes.byteLength < length ? null : bytes;
}

async function refuseTooLarge({ bytes }: DownloadPlan, folder: string): Promise<void> {
  const disk = await statfs(folder).catch(() => null);
  const free = disk === null ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
  const missing = bytes.total - bytes.done;
  if (missing <= free) return;
  throw new DownloadFailed(
    `${bytesText(missing)} are still to be fetched, and ${bytesText(free)} are free in ${folder}: make room, or leave the checkpoints out.`,
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
