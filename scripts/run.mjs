// Runs one of the project's tasks: `node scripts/run.mjs <task> [arguments]`, after setting up what the task needs.
// It must start on any Node ≥ 20 in a bare checkout, so it imports nothing but Node's own modules.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { describe, SetupError } from "./setup/errors.mjs";
import { root } from "./setup/paths.mjs";
import { setUp } from "./setup.mjs";

const bin = (path) => join(root, "node_modules", path);
const rzero = join(root, "remote-agent/bin/rzero.mjs");
const script = (name) => join(root, "scripts", name);
const userFolder = process.env.INIT_CWD ?? process.cwd(); // npm changes to the checkout and says where it was called

/** What each task needs and runs (under Node 24). The CLI's tasks work in the user's folder, the others in the checkout. */
const tasks = {
  setup: { python: "tests", sdk: true, run: () => ["-e", "console.error('Everything is in place.')"] },
  demo: { python: "engine", cwd: userFolder, run: (args) => [script("demo.mjs"), ...args] },
  rzero: { python: "engine", cwd: userFolder, run: (args) => [rzero, ...args] },
  test: { python: "tests", sdk: true, run: (args) => [script("test.mjs"), ...args] },
  faults: { python: "tests", run: (args) => [script("faults.mjs"), ...args] },
  e2e: { python: "tests", run: (args) => [script("e2e.mjs"), ...args] },
  bench: { python: "tests", run: (args) => [script("bench.mjs"), ...args] },
  "gpu-check": { python: "tests", run: (args) => [script("gpu-check.mjs"), ...args] },
  lint: { python: "tests", run: (args) => [script("lint.mjs"), ...args] },
  format: { run: (args) => [bin("@biomejs/biome/bin/biome"), "check", "--write", ...args] },
  typecheck: { run: () => [script("typecheck.mjs")] },
  build: { run: (args) => [script("build.mjs"), ...args] },
  package: { run: (args) => [script("package.mjs"), ...args] },
  notices: { python: "tests", run: (args) => [script("notices.mjs"), ...args] },
};

async function main([name = "", ...args]) {
  const task = tasks[name];
  if (!task) throw new SetupError(`There is no task “${name}”. Tasks: ${Object.keys(tasks).join(", ")}.`);
  const quit = (signal) => process.exit(128 + constants.signals[signal]);
  for (const signal of signals) process.on(signal, quit);
  const ready = await setUp({ python: task.python, sdk: task.sdk });
  for (const signal of signals) process.off(signal, quit);
  const path = [dirname(ready.node), join(root, "node_modules/.bin"), process.env.PATH].filter(Boolean).join(delimiter);
  // Certificates that this machine trusts count, as they do for npm and pip: a company's registry often has its own.
  const trust = { NODE_USE_SYSTEM_CA: process.env.NODE_USE_SYSTEM_CA ?? "1" };
  const env = { ...process.env, ...trust, PATH: path, ...(ready.python && { RZERO_PYTHON: ready.python }) };
  return await run(ready.node, task.run(args), { env, cwd: task.cwd ?? root });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a program in the foreground; its exit code is ours. */
function run(program, args, options) {
  const child = spawn(program, args, { stdio: "inherit", ...options });
  // Ctrl-C reaches the whole foreground group: the child decides, we wait for it.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
}
