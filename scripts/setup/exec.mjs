import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { cacheRoot } from "./paths.mjs";

const keptLogs = 10;
const logName = `setup-${new Date().toISOString().replace(/[:.]/g, "-")}-${process.pid}.log`;

/** The log of this set-up: everything that the tools said. Made when a tool runs, so that a quick set-up leaves none. */
function logFile() {
  const folder = join(cacheRoot(), "logs");
  mkdirSync(folder, { recursive: true });
  const others = readdirSync(folder)
    .filter((name) => name.startsWith("setup-") && name !== logName)
    .sort();
  for (const name of others.slice(0, Math.max(0, others.length - keptLogs)))
    rmSync(join(folder, name), { force: true });
  return join(folder, logName);
}

/**
 * Runs a tool to its end, everything it says going to the log.
 *
 * @param {string[]} command program and arguments
 * @param {{what: string, remedy: string, cwd?: string, env?: NodeJS.ProcessEnv, limitMs?: number, onLine?: (line: string) => void}} options
 *   `what` and `remedy` make the sentence of a failure; `limitMs` is the longest it may take
 * @returns {Promise<string>} its standard output
 * @throws {SetupError} when it cannot start, ends with an error, or takes longer than `limitMs`
 */
export function runLogged(command, { what, remedy, cwd, env, limitMs = 30 * 60_000, onLine }) {
  const path = logFile();
  appendFileSync(path, `\n$ ${command.join(" ")}\n`);
  return new Promise((resolve, reject) => {
    const tail = [];
    let stdout = "";
    let pending = "";
    let timedOut = false;
    const take = (chunk) => {
      appendFileSync(path, chunk);
      pending += chunk;
      const lines = pending.split(/[\r\n]+/);
      pending = lines.pop() ?? "";
      for (const line of lines.filter((text) => text.trim() !== "")) {
        tail.push(line);
        if (tail.length > 200) tail.shift();
        onLine?.(line.trim());
      }
    };
    const fail = (reason) =>
      reject(new SetupError(`${what}: ${reason}. ${remedy}`, { tail: relevant(tail), log: path }));
    const child = spawn(command[0], command.slice(1), { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const killed = () => child.kill("SIGKILL"); // what is half installed must not be written to behind our back
    process.once("exit", killed);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, limitMs);
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      take(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => {
      clearTimeout(timer);
      fail(error.message);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      process.off("exit", killed);
      if (pending.trim() !== "") tail.push(pending);
      if (code === 0) resolve(stdout);
      else if (timedOut) fail(`took longer than ${Math.round(limitMs / 60_000)} minutes`);
      else fail(signal ? `ended by ${signal}` : `ended with code ${code}`);
    });
  });
}

/** The lines of a tool's output that say what went wrong: its errors, or else its last words. */
function relevant(lines) {
  const errors = lines.filter((line) => /\b(error|fatal|no matching|could not|cannot|denied|no space)\b/i.test(line));
  return (errors.length > 0 ? errors : lines).slice(-8).map((line) => line.slice(0, 300));
}
