import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { SetupError } from "../setup/errors.mjs";
import { root } from "../setup/paths.mjs";

const program = join(root, "remote-agent/bin/rzero.mjs");

/** `rzero demo` in the foreground. @param {string[]} args @returns {Promise<number>} its exit code */
export function demo(args) {
  const child = spawn(process.execPath, [program, "demo", ...args], { stdio: "inherit" });
  process.on("SIGINT", () => undefined); // reaches the child as well: it decides
  const hand = (signal) => child.kill(signal);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, hand);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      for (const name of ["SIGTERM", "SIGHUP"]) process.off(name, hand);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/** The whole id of a run of this machine. @param {string} name its beginning @throws {SetupError} when there is none */
export function runNamed(name) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "show", name, "--json"], {
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new SetupError(stderr.trim().split("\n").at(-1) || `There is no run ${name}.`);
  return JSON.parse(stdout).id;
}
