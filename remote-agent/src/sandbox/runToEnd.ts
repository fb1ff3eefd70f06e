import type { Readable } from "node:stream";
import type { SandboxSpec } from "./bubblewrap.ts";
import { type SandboxEnd, startSandboxed } from "./sandboxed.ts";

export interface RunLimits {
  /** Milliseconds until the program is ended. */
  wallMs: number;
  /** Bytes of standard output, and of standard error, after which it is ended. */
  outputBytes: number;
  signal?: AbortSignal;
}

export interface SandboxResult {
  /** Why it ended: by itself, or by a limit. */
  outcome: "exited" | "wall_clock" | "output" | "aborted";
  end: SandboxEnd;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program in the sandbox until it ends or a limit ends it, and answers what it wrote. Input is handed over as
 * data, on standard input. @throws SandboxUnavailable
 */
export async function runToEnd(spec: SandboxSpec, input: string, limits: RunLimits): Promise<SandboxResult> {
  const program = await startSandboxed(spec);
  let outcome: SandboxResult["outcome"] = "exited";
  const stop = (why: SandboxResult["outcome"]) => {
    if (outcome === "exited") outcome = why;
    program.kill();
  };
  const timer = setTimeout(() => stop("wall_clock"), limits.wallMs);
  const abort = () => stop("aborted");
  limits.signal?.addEventListener("abort", abort, { once: true });
  if (limits.signal?.aborted) abort();
  program.stdin.end(input);
  try {
    const [end, stdout, stderr] = await Promise.all([
      program.ended,
      collect(program.stdout, limits.outputBytes, () => stop("output")),
      collect(program.stderr, limits.outputBytes, () => stop("output")),
    ]);
    return { outcome, end, stdout, stderr };
  } finally {
    clearTimeout(timer);
    limits.signal?.removeEventListener("abort", abort);
    program.kill();
  }
}

async function collect(stream: Readable, limit: number, onFull: () => void): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (size < limit) parts.push(chunk.subarray(0, limit - size));
    size += chunk.length;
    if (size > limit) onFull();
  }
  return Buffer.concat(parts).toString("utf8");
}
