import { createHash } from "node:crypto";
import { execOver, type OpenChannel, streamOver } from "./channel.ts";
import { lossSoon } from "./lossSoon.ts";
import { say } from "./sentence.ts";
import { quoted } from "./shellScript.ts";
import { type ExecOptions, type ExecResult, type PutOptions, type Transport, TransportError } from "./transport.ts";

/** The limit of small things such as a rename. */
const SMALL_MS = 30_000;

/** A transport over anything that can run a command. */
export function channelTransport(way: {
  host: string;
  via: Transport["via"];
  open: OpenChannel;
  closed: Promise<TransportError | null>;
  close: () => Promise<void>;
}): Transport {
  const exec = async (script: string, options: ExecOptions): Promise<ExecResult> => {
    const result = await orLost(way.closed, execOver(way.host, way.open, script, options));
    if (result.code === null) await throwIfLost(way.closed); // ended by the cut, with half of its output
    return result;
  };
  return {
    host: way.host,
    via: way.via,
    closed: way.closed,
    close: way.close,
    exec,
    open: (script, { signal } = {}) => orLost(way.closed, streamOver(way.host, way.open, script, signal)),
    putFile: (content, path, options) => putFile(way.host, exec, content, path, options),
  };
}

/** A cut connection ends its commands in ways that look like other failures: the cut is what happened. */
async function orLost<T>(closed: Promise<TransportError | null>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TransportError && (error.reason === "no_shell" || error.reason === "failed"))
      await throwIfLost(closed);
    throw error;
  }
}

async function throwIfLost(closed: Promise<TransportError | null>): Promise<void> {
  const lost = await lossSoon(closed);
  if (lost !== null) throw lost;
}

/** Needs no SFTP: `cat` on the far side. The file appears under its name whole and checked, or not at all. */
async function putFile(
  host: string,
  exec: (script: string, options: ExecOptions) => Promise<ExecResult>,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  path: string,
  { mode, timeoutMs, signal, onProgress }: PutOptions,
): Promise<void> {
  const hash = createHash("sha256");
  async function* counted(): AsyncGenerator<Uint8Array> {
    let sent = 0;
    for await (const piece of pieces(content)) {
      hash.update(piece);
      yield piece;
      sent += piece.length;
      onProgress?.(sent);
    }
  }
  const abort = signal === undefined ? {} : { signal };
  const received = await exec(receiveScript(path), { timeoutMs, input: counted(), ...abort });
  const [temporary = "", remote = ""] = received.stdout.trim().split("\n");
  if (received.code !== 0) throw writeFailed(host, path, received);
  if (remote !== hash.digest("hex")) {
    await exec(`rm -f ${quoted(temporary)}`, { timeoutMs: SMALL_MS });
    throw new TransportError(
      "failed",
      say`${path} arrived damaged on ${host} and was removed; try again.`,
      received.stderr,
    );
  }
  const move = `chmod ${mode.toString(8)} ${quoted(temporary)} && mv -f ${quoted(temporary)} ${quoted(path)}`;
  const moved = await exec(move, { timeoutMs: SMALL_MS, ...abort });
  if (moved.code !== 0) throw writeFailed(host, path, moved);
}

function receiveScript(path: string): string {
  return [
    "umask 077",
    `f=${quoted(path)}`,
    'd=$(dirname "$f")',
    'mkdir -p "$d" || exit 73',
    // What a cut connection left an hour ago or more.
    'find "$d" -maxdepth 1 -name ".rzero-*.part" -mmin +60 -exec rm -f {} + 2>/dev/null',
    't="$d/.rzero-$$-$(basename "$f").part"',
    'cat >"$t" || { rm -f "$t"; exit 74; }',
    'h=$({ sha256sum "$t" || shasum -a 256 "$t" || openssl dgst -sha256 -r "$t"; } 2>/dev/null | head -n 1 | cut -c1-64)',
    'printf "%s\\n%s\\n" "$t" "$h"',
  ].join("\n");
}

function writeFailed(host: string, path: string, { stderr }: ExecResult): TransportError {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  if (/no space left|quota exceeded/i.test(stderr)) {
    return new TransportError(
      "no_room",
      say`There is no room on ${host} for ${path}: free some space, or choose another folder.`,
      stderr,
    );
  }
  if (/permission denied|read-only file system|operation not permitted/i.test(stderr)) {
    return new TransportError("denied", say`${path} cannot be written on ${host}: ${said}`, stderr);
  }
  return new TransportError("failed", say`${path} could not be written on ${host}: ${said}`, stderr);
}

/** Pieces small enough that a cancelled upload stops soon. */
async function* pieces(content: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (!(content instanceof Uint8Array)) return yield* content;
  const size = 256 * 2 ** 10;
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}
