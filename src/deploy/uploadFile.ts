import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { say } from "../ssh/sentence.ts";
import { quoted } from "../ssh/shellScript.ts";
import { type ExecResult, type Transport, TransportError } from "../ssh/transport.ts";

export interface UploadOptions {
  /** Of the file's permissions on the host. */
  readonly mode: number;
  readonly signal: AbortSignal;
  /** Bytes that are there, of all. */
  readonly onProgress: (bytes: number, total: number) => void;
}

/** A file of this computer: its size and SHA-256 are what the host is checked against. */
export interface LocalFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Hashing many gigabytes on a slow disk. */
const HASH_MS = 60 * 60_000;
/** A connection over which nothing moves for so long is given up; what arrived is kept. */
const STALLED_MS = 60_000;
const NO_LIMIT_MS = 7 * 24 * 3_600_000;

/**
 * Uploads a large file so that a cut costs only what was under way: what arrived stays beside the target under the name of its content,
 * and the next try goes on behind it. The file has its name only when its SHA-256 is right on the host.
 *
 * @throws TransportError
 */
export async function uploadFile(
  transport: Transport,
  file: LocalFile,
  target: string,
  options: UploadOptions,
): Promise<"uploaded" | "there"> {
  const { signal, onProgress, mode } = options;
  const found = await transport.exec(beginScript(target, file), { timeoutMs: HASH_MS, signal });
  if (found.code !== 0) throw failed(transport.host, target, found);
  const [state = "", prefixHash = ""] = found.stdout.trim().split("\n");
  if (state === "there") return "there";
  let from = Math.min(Number(state), file.bytes);
  if (!Number.isSafeInteger(from) || from < 0) from = 0;
  // What lies there may be damaged: only a beginning that is this file's own is continued.
  if (from > 0 && prefixHash !== (await hashOfBeginning(file.path, from, signal))) from = 0;
  await send(transport, file, target, from, options);
  const checked = await transport.exec(finishScript(target, file, mode), { timeoutMs: HASH_MS, signal });
  if (checked.code === 65) {
    throw new TransportError("failed", say`${target} arrived damaged on ${transport.host} and was removed; try again.`);
  }
  if (checked.code !== 0) throw failed(transport.host, target, checked);
  onProgress(file.bytes, file.bytes);
  return "uploaded";
}

/** SHA-256 of a file, or of its first bytes. @throws the file system's error, or the signal's reason */
export async function hashOfBeginning(path: string, bytes: number, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  if (bytes > 0) for await (const chunk of createReadStream(path, { end: bytes - 1, signal })) hash.update(chunk);
  return hash.digest("hex");
}

async function send(
  transport: Transport,
  file: LocalFile,
  target: string,
  from: number,
  { signal, onProgress }: UploadOptions,
): Promise<void> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), STALLED_MS);
  let sent = from;
  onProgress(sent, file.bytes);
  async function* rest(): AsyncGenerator<Uint8Array> {
    if (from === file.bytes) return;
    for await (const chunk of createReadStream(file.path, { start: from, highWaterMark: 2 ** 18 })) {
      yield chunk as Buffer;
      sent += (chunk as Buffer).length;
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(), STALLED_MS);
      onProgress(Math.min(sent, file.bytes), file.bytes);
    }
  }
  try {
    const either = AbortSignal.any([signal, stalled.signal]);
    const input = rest();
    const result = await transport.exec(appendScript(target, file, from), {
      timeoutMs: NO_LIMIT_MS,
      input,
      signal: either,
    });
    if (result.code !== 0) throw failed(transport.host, target, result);
  } catch (error) {
    if (!stalled.signal.aborted || signal.aborted) throw error;
    const seconds = STALLED_MS / 1000;
    throw new TransportError(
      "timeout",
      say`Nothing arrived on ${transport.host} for ${seconds} s while ${target} was uploaded; what is there is kept for the next try.`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function names(target: string, { sha256 }: LocalFile): string {
  return `f=${quoted(target)}\np="$(dirname "$f")/.rzero-${sha256.slice(0, 32)}.upload"\nhash() { { sha256sum "$1" || shasum -a 256 "$1" || openssl dgst -sha256 -r "$1"; } 2>/dev/null | head -n 1 | cut -c1-64; }`;
}

/** Prints `there`, or how many bytes of the file are and their hash. Of an earlier try what was on its way may still be being written. */
function beginScript(target: string, file: LocalFile): string {
  return `umask 077
${names(target, file)}
mkdir -p "$(dirname "$f")" || exit 73
if [ -f "$f" ] && [ "$(wc -c <"$f" | tr -d ' ')" = ${file.bytes} ] && [ "$(hash "$f")" = ${file.sha256} ]; then echo there; exit 0; fi
w= h=
[ -f "$p.pid" ] && read -r w h <"$p.pid"
case $w in "" | *[!0-9]*) w= ;; esac
if [ -n "$w" ] && [ "$h" = "$(uname -n)" ] && [ "$(cat "/proc/$w/comm" 2>/dev/null || ps -o comm= -p "$w" 2>/dev/null)" = cat ]; then
  kill "$w" 2>/dev/null
  n=0
  while kill -0 "$w" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
fi
[ -f "$p" ] || : >"$p" || exit 73
wc -c <"$p" | tr -d ' '
hash "$p"`;
}

function appendScript(target: string, file: LocalFile, from: number): string {
  const write = from === 0 ? 'exec cat >"$p"' : 'exec cat >>"$p"';
  return `umask 077\n${names(target, file)}\necho "$$ $(uname -n)" >"$p.pid"\n${write}`;
}

function finishScript(target: string, file: LocalFile, mode: number): string {
  return `${names(target, file)}
rm -f "$p.pid"
[ "$(hash "$p")" = ${file.sha256} ] || { rm -f "$p"; exit 65; }
chmod ${mode.toString(8)} "$p" && mv -f "$p" "$f"`;
}

function failed(host: string, target: string, { stderr, code }: ExecResult): TransportError {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  if (/no space left|quota exceeded/i.test(stderr)) {
    const sentence = say`There is no room on ${host} for ${target}: free some space, or choose another folder. What is there is kept for the next try.`;
    return new TransportError("no_room", sentence, stderr);
  }
  if (code === null) {
    return new TransportError("lost", say`The connection to ${host} was lost while ${target} was uploaded.`, stderr);
  }
  return new TransportError("failed", say`${target} could not be written on ${host}: ${said}`, stderr);
}
