import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import type { SandboxSpec } from "./bubblewrap.ts";
import type { PythonPlace } from "./interpreter.ts";
import { runToEnd } from "./runToEnd.ts";
import { SandboxUnavailable, startSandboxed } from "./sandboxed.ts";

/** What became of one attempt to break out. */
export const escapeReport = z.object({
  name: z.string(),
  /** Null: the attempt gave no answer, which counts as an escape. */
  escaped: z.boolean().nullable(),
  detail: z.string(),
});
export type EscapeReport = z.infer<typeof escapeReport>;

/** Attempts of `rzero_sandbox/escapes.py` that end by themselves. */
export const quickEscapes = [
  "network",
  "read_files",
  "read_system",
  "write_files",
  "write_anywhere",
  "other_processes",
  "proc",
  "fork_bomb",
  "memory",
  "environment",
  "ptrace",
  "namespaces",
  "open_files",
] as const;

const limits = { memoryBytes: 1 << 30, cpuSeconds: 20, fileBytes: 1 << 20, openFiles: 64, threads: 16 };
const quickMs = 60_000;
const outliveMs = 30_000;
const loopMs = 1_000;
const floodBytes = 1 << 20;
const secretName = "RZERO_ESCAPE_SECRET";

/**
 * Tries to break out of the sandbox in every way of the suite, against targets that are really there: a server on
 * loopback, a file in the home and one in the temporary folder, a process, a secret in this process's environment.
 * @throws SandboxUnavailable when the sandbox does not start at all
 */
export async function attemptEscapes(
  place: PythonPlace,
  packageDir: string,
  signal?: AbortSignal,
): Promise<EscapeReport[]> {
  const targets = await makeTargets();
  const script = path.join(packageDir, "rzero_sandbox", "escapes.py");
  const spec = (...args: string[]): SandboxSpec => ({
    command: [place.executable, "-I", script, ...args],
    readOnly: [...place.folders, script],
    env: { LANG: "C.UTF-8" },
    limits,
  });
  try {
    const [quick, loop, flood, outliving] = await Promise.all([
      quickAttempts(spec("all"), targets, signal),
      loopAttempt(spec("cpu_loop"), signal),
      floodAttempt(spec("output_flood"), signal),
      outliveAttempt((token) => spec("outlive", token)),
    ]);
    return [...quick, loop, flood, outliving];
  } finally {
    await targets.remove();
  }
}

type Targets = Awaited<ReturnType<typeof makeTargets>>;

async function makeTargets() {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const folder = await mkdtemp(path.join(await homeOrTemporary(), ".rzero-escape-"));
  const secretFile = path.join(folder, "secret");
  await writeFile(secretFile, "secret", { mode: 0o600 });
  const victim = spawn("sleep", ["60"], { stdio: "ignore", env: { PATH: process.env["PATH"] } });
  victim.on("error", () => undefined);
  process.env[secretName] = "secret";
  return {
    request: {
      names: quickEscapes,
      port: typeof address === "object" ? address?.port : 0,
      secret_file: secretFile,
      planted_file: path.join(folder, "planted"),
      victim: victim.pid ?? process.pid,
      memory_bytes: limits.memoryBytes,
      secret_name: secretName,
    },
    async remove() {
      delete process.env[secretName];
      victim.kill("SIGKILL");
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function homeOrTemporary(): Promise<string> {
  const home = await stat(homedir()).catch(() => null);
  return home?.isDirectory() === true && home.uid === process.getuid?.() ? homedir() : tmpdir();
}

async function quickAttempts(spec: SandboxSpec, targets: Targets, signal?: AbortSignal): Promise<EscapeReport[]> {
  const limit = { wallMs: quickMs, outputBytes: 1 << 16, ...(signal === undefined ? {} : { signal }) };
  const result = await runToEnd(spec, `${JSON.stringify(targets.request)}\n`, limit);
  const reports = result.stdout.split("\n").flatMap((line) => {
    const report = escapeReport.safeParse(parsed(line));
    return report.success ? [report.data] : [];
  });
  if (reports.length === 0)
    throw new SandboxUnavailable(
      `bubblewrap does not work here: ${result.stderr.trim().split("\n").at(-1) || result.outcome}.`,
    );
  const planted = await readFile(targets.request.planted_file).then(
    () => true,
    () => false,
  );
  return quickEscapes.map((name) => {
    const report = reports.find((one) => one.name === name);
    if (name === "write_files" && planted) return { name, escaped: true, detail: "the file is there" };
    return report ?? { name, escaped: null, detail: `no answer (${result.outcome})` };
  });
}

/** A program that computes for ever and is deaf to signals is ended by the wall clock. */
async function loopAttempt(spec: SandboxSpec, signal?: AbortSignal): Promise<EscapeReport> {
  const result = await runToEnd(spec, "{}\n", {
    wallMs: loopMs,
    outputBytes: 1024,
    ...(signal === undefined ? {} : { signal }),
  });
  return { name: "cpu_loop", escaped: result.outcome === "exited" ? null : false, detail: result.outcome };
}

/** A program that writes for ever is ended, and no more than the limit is kept. */
async function floodAttempt(spec: SandboxSpec, signal?: AbortSignal): Promise<EscapeReport> {
  const limit = { wallMs: quickMs, outputBytes: floodBytes, ...(signal === undefined ? {} : { signal }) };
  const result = await runToEnd(spec, "{}\n", limit);
  const held = result.outcome === "output" && result.stdout.length <= floodBytes;
  return {
    name: "output_flood",
    escaped: held ? false : null,
    detail: `${result.outcome}, ${result.stdout.length} bytes`,
  };
}

/** A program whose launcher is gone is gone as well. */
async function outliveAttempt(spec: (token: string) => SandboxSpec): Promise<EscapeReport> {
  const token = randomBytes(12).toString("hex");
  const program = await startSandboxed(spec(token));
  try {
    program.stdin.end(`${JSON.stringify({ token })}\n`);
    const started = await Promise.race([
      firstOutput(program.stdout),
      program.ended.then(() => false),
      delay(quickMs, false),
    ]);
    if (!started) return { name: "outlive", escaped: null, detail: "the program did not start" };
    program.kill();
    // A busy machine takes its time to end even what has been killed.
    for (const start = performance.now(); performance.now() - start < outliveMs; await delay(50)) {
      if (!(await isRunning(token))) return { name: "outlive", escaped: false, detail: "ended with its launcher" };
    }
    return { name: "outlive", escaped: true, detail: `still running ${outliveMs / 1000} s after its launcher` };
  } finally {
    program.kill();
  }
}

async function firstOutput(stream: NodeJS.ReadableStream): Promise<boolean> {
  for await (const _ of stream) return true;
  return false;
}

/** Whether a process of this machine has the token among its arguments. */
async function isRunning(token: string): Promise<boolean> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (line.includes(token)) return true;
  }
  return false;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
