import { spawn } from "node:child_process";

const limitMs = 30 * 60_000; // of one layer
const pipesMs = 2000;

/**
 * Exit code of a program; null when it was ended by a signal, by the limit, or did not start.
 *
 * @param {string} program @param {string[]} args
 * @param {{cwd: string, write?: (text: string) => void, signal?: AbortSignal}} how `write` takes what it prints, without it the
 *   terminal does
 * @returns {Promise<number | null>}
 */
export function runProgram(program, args, { cwd, write, signal }) {
  // Two or three torch processes at a time with a thread for each core are many times slower than with one each.
  const env = { ...process.env, OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? "1" };
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: write ? ["ignore", "pipe", "pipe"] : "inherit" });
    const end = () => child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    signal?.addEventListener("abort", end);
    const done = (code) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve(code);
    };
    for (const stream of write ? [child.stdout, child.stderr] : []) stream.setEncoding("utf8").on("data", write);
    child.on("error", (error) => {
      (write ?? console.error)(`${error.message}\n`);
      done(null);
    });
    child.on("close", done);
    // A process that a test left behind may hold the pipes for ever.
    child.on("exit", (code) => write && setTimeout(done, pipesMs, code));
  });
}
