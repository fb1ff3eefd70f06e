import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countJunit, countVitest, oneFailed, onePassed, settle, zero } from "./count.mjs";

/** Layers from the quickest to the slowest. Each counts its tests; a check without tests of its own counts as one. */
export const layers = [
  { name: "lint", run: check(["scripts/lint.mjs"]) },
  { name: "typecheck", run: check(["scripts/typecheck.mjs"]) },
  { name: "build", run: check(["scripts/build.mjs"]) },
  { name: "engine", run: engine },
  { name: "unit", run: vitest("unit") },
  { name: "seam", run: vitest("seam") },
  { name: "ssh", run: vitest("ssh") },
  { name: "panels", run: vitest("panels") },
  { name: "e2e", run: vitest("e2e") },
  { name: "slurm", run: vitest("slurm") },
  { name: "faults", run: vitest("faults") },
];

const limitMs = 30 * 60_000; // of one layer

function check(args) {
  return async ({ root }) => ((await run(process.execPath, args, root)) === 0 ? onePassed : oneFailed);
}

async function engine({ root, scratch }) {
  const python = process.env.RZERO_PYTHON ?? "python3";
  const report = join(scratch, "engine.xml");
  const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", `--junitxml=${report}`, "tests"];
  const code = await run(python, args, join(root, "remote-agent/engine"));
  return settle(existsSync(report) ? countJunit(readFileSync(report, "utf8")) : zero, code);
}

function vitest(project) {
  return async ({ root, scratch }) => {
    const report = join(scratch, `${project}.json`);
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const args = ["node_modules/vitest/vitest.mjs", "run", "--project", project, ...reporters];
    const code = await run(process.execPath, args, root);
    return settle(existsSync(report) ? countVitest(JSON.parse(readFileSync(report, "utf8"))) : zero, code);
  };
}

/** Exit code of a program in the foreground; null when it was ended by a signal or by the limit. */
function run(program, args, cwd) {
  // Two or three torch processes at a time with a thread for each core are many times slower than with one each.
  const env = { ...process.env, OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? "1" };
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: "inherit" });
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    child.on("error", (error) => {
      console.error(error.message);
      clearTimeout(timer);
      resolve(null);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}
