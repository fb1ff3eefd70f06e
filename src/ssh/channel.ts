import { Duplex, type Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { say } from "./sentence.ts";
import { AfterMarker, framed } from "./shellScript.ts";
import { type ByteStream, type ExecOptions, type ExecResult, TransportError } from "./transport.ts";

/** A command that runs on a host, as each transport starts it. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects. */
  readonly ended: Promise<{ code: number | null }>;
  /** Lets go of it at once; the far side sees its input end. */
  kill(): void;
}

export type OpenChannel = (command: string, signal: AbortSignal) => Promise<Channel>;

const MAX_OUTPUT = 2 ** 20;
const STDERR_KEPT = 64 * 2 ** 10;
/** A login shell whose start-up files take longer is taken for one that hangs. */
const SHELL_MS = 30_000;

/** Runs a script to its end. @throws TransportError */
export async function execOver(
  host: string,
  open: OpenChannel,
  script: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const limit = limited(host, options.timeoutMs, options.signal);
  try {
    const { command, marker } = framed(script);
    const channel = await limit.race(open(command, limit.signal));
    limit.onEnd(() => channel.kill());
    const after = new AfterMarker(marker);
    const most = options.maxOutput ?? MAX_OUTPUT;
    const stdout = collected(host, channel.stdout, most, (chunk) => after.take(chunk), after);
    const stderr = collected(host, channel.stderr, most, (chunk) => chunk, null);
    const fed = feed(channel.stdin, options.input);
    const sourceFailed = fed.then(() => new Promise<never>(() => undefined));
    const over = Promise.all([channel.ended, stdout, stderr]);
    const [{ code }, out, err] = await limit.race(Promise.race([over, sourceFailed]));
    channel.stdin.destroy();
    if (!after.seen) throw noShell(host, code, after.noise, err.toString("utf8"));
    return { code, stdout: out.toString("utf8"), stderr: err.toString("utf8") };
  } finally {
    limit.done();
  }
}

/** Starts a script and hands over its stdin and stdout once it runs. @throws TransportError */
export async function streamOver(
  host: string,
  open: OpenChannel,
  script: string,
  signal: AbortSignal | undefined,
): Promise<ByteStream> {
  const limit = limited(host, SHELL_MS, signal);
  try {
    const { command, marker } = framed(script);
    const channel = await limit.race(open(command, limit.signal));
    let errors = Buffer.alloc(0);
    channel.stderr.on("data", (chunk: Buffer) => {
      errors = Buffer.concat([errors, chunk]).subarray(-STDERR_KEPT);
    });
    const after = new AfterMarker(marker);
    try {
      const first = await limit.race(firstOutput(host, channel, after, () => errors.toString("utf8")));
      const stream = joined(channel, first);
      return {
        stream,
        stderr: () => errors.toString("utf8"),
        ended: channel.ended,
        close: () => {
          stream.destroy();
          channel.kill();
        },
      };
    } catch (error) {
      channel.kill();
      throw error;
    }
  } finally {
    limit.done();
  }
}

/** What follows the marker in the first chunks. */
function firstOutput(host: string, channel: Channel, after: AfterMarker, errors: () => string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      const rest = after.take(chunk);
      if (after.seen) {
        channel.stdout.off("data", read);
        channel.stdout.pause();
        resolve(rest);
      } else if (after.tooNoisy) reject(endlessNoise(host));
    };
    channel.stdout.on("data", read);
    channel.ended.then(({ code }) => {
      if (!after.seen) reject(noShell(host, code, after.noise, errors()));
    });
  });
}

function joined(channel: Channel, first: Buffer): Duplex {
  if (first.length > 0) channel.stdout.unshift(first);
  const stream = Duplex.from({ readable: channel.stdout, writable: channel.stdin });
  stream.on("error", () => undefined); // `ended` tells how it ended
  return stream;
}

async function collected(
  host: string,
  from: Readable,
  most: number,
  take: (chunk: Buffer) => Buffer,
  after: AfterMarker | null,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of from) {
    const part = take(chunk as Buffer);
    if (after?.tooNoisy) throw endlessNoise(host);
    bytes += part.length;
    if (bytes > most) {
      throw new TransportError(
        "output_limit",
        say`A command on ${host} printed more than ${most} bytes and was ended.`,
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * Sends the input. A command that ends without reading it is none of its business: the exit code tells.
 * @throws what the source of the input threw
 */
async function feed(stdin: Writable, input: ExecOptions["input"]): Promise<void> {
  if (input === undefined) {
    stdin.end();
    return;
  }
  let failed: { error: unknown } | null = null;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      if (input instanceof Uint8Array) yield input;
      else if (input !== undefined) yield* input;
    } catch (error) {
      failed = { error };
      throw error;
    }
  }
  await pipeline(pieces(), stdin).catch(() => undefined);
  if (failed !== null) throw (failed as { error: unknown }).error;
}

/** One limit for a whole operation: its time, and the caller's signal. */
function limited(host: string, timeoutMs: number, outer: AbortSignal | undefined) {
  const abort = new AbortController();
  const seconds = Math.round(timeoutMs / 1000);
  const timer = setTimeout(
    () => abort.abort(new TransportError("timeout", say`${host} did not finish a command within ${seconds} s.`)),
    timeoutMs,
  );
  const cancel = () => abort.abort(cancelled(host));
  if (outer?.aborted) cancel();
  outer?.addEventListener("abort", cancel, { once: true });
  const aborted = new Promise<never>((_, reject) => {
    const fail = () => reject(abort.signal.reason);
    if (abort.signal.aborted) fail();
    abort.signal.addEventListener("abort", fail, { once: true });
  });
  aborted.catch(() => undefined);
  let end: () => void = () => undefined;
  let finished = false;
  return {
    signal: abort.signal,
    race: async <T>(work: Promise<T>): Promise<T> => {
      try {
        const result = await Promise.race([work, aborted]);
        return result;
      } catch (error) {
        work.catch(() => undefined);
        end();
        throw error;
      }
    },
    /** Called when the operation fails or is given up. */
    onEnd(action: () => void) {
      end = () => {
        if (!finished) action();
        finished = true;
      };
      if (abort.signal.aborted) end();
    },
    done() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", cancel);
    },
  };
}

export function cancelled(host: string): TransportError {
  return new TransportError("cancelled", say`The operation on ${host} was cancelled.`);
}

function noShell(host: string, code: number | null, noise: string, errors: string): TransportError {
  const said = `${noise}\n${errors}`.trim().split("\n").slice(-3).join(" ").slice(0, 300);
  const how = code === null ? "" : ` (${code})`;
  const words = said === "" ? "" : ` ${said}`;
  return new TransportError(
    "no_shell",
    say`The login shell of ${host} ended${how} before it ran a command.${words} Check its start-up files, and that sh and base64 are there.`,
    errors,
  );
}

function endlessNoise(host: string): TransportError {
  return new TransportError(
    "no_shell",
    say`The start-up files of the login shell of ${host} print without end: no command could be run.`,
  );
}
