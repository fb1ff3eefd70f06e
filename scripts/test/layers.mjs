import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countJunit, countVitest, oneFailed, onePassed, settle, zero } from "./count.mjs";
import { failuresOfJunit, failuresOfVitest } from "./failures.mjs";
import { runProgram } from "./program.mjs";

/** What is quickly wrong, and what the layers need. Each check counts as one test. */
export const checks = [
  { name: "lint", run: check(["scripts/lint.mjs"]) },
  { name: "typecheck", run: check(["scripts/typecheck.mjs"]) },
  { name: "build", run: check(["scripts/build.mjs"]) },
];

/** From those that compute to those that mostly wait, because two run at a time: one from either end. */
export const layers = [
  { name: "engine", run: engine },
  { name: "unit", run: vitest("unit") },
  { name: "seam", run: vitest("seam") },
  { name: "panels", run: vitest("panels") },
  { name: "e2e", run: vitest("e2e") },
  { name: "ssh", run: vitest("ssh") },
  { name: "faults", run: vitest("faults") },
  { name: "slurm", run: vitest("slurm") },
];

function check(args) {
  return async ({ root, ...how }) => {
    const code = await runProgram(process.execPath, args, { cwd: root, ...how });
    return { count: code === 0 ? onePassed : oneFailed, failures: [] };
  };
}

async function engine({ root, scratch, ...how }) {
  const python = process.env.RZERO_PYTHON ?? "python3";
  const report = join(scratch, "engine.xml");
  const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", `--junitxml=${report}`, "tests"];
  const code = await runProgram(python, args, { cwd: join(root, "remote-agent/engine"), ...how });
  if (!existsSync(report)) return { count: settle(zero, code), failures: told([], code) };
  const xml = readFileSync(report, "utf8");
  return { count: settle(countJunit(xml), code), failures: told(failuresOfJunit(xml), code) };
}

function vitest(project) {
  return async ({ root, scratch, ...how }) => {
    const report = join(scratch, `${project}.json`);
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const args = ["node_modules/vitest/vitest.mjs", "run", "--project", project, ...reporters];
    const code = await runProgram(process.execPath, args, { cwd: root, ...how });
    if (!existsSync(report)) return { count: settle(zero, code), failures: told([], code) };
    const found = JSON.parse(readFileSync(report, "utf8"));
    return { count: settle(countVitest(found), code), failures: told(failuresOfVitest(found, root), code) };
  };
}

/** A run that ended badly without a failed test has an error outside of any. */
function told(failures, code) {
  return failures.length > 0 || code === 0 ? failures : [`ended with code ${code}; its output above says why`];
}
