#!/usr/bin/env node
// `rzero` in a checkout: builds the agent when its sources are newer, then runs it on a Node that is new enough,
// with the Python that set-up made. Plain JavaScript without packages: it must start on any Node ≥ 20.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { findNode } from "../../scripts/setup/node.mjs";
import { root } from "../../scripts/setup/paths.mjs";
import { stampedPython } from "../../scripts/setup/python.mjs";

const bundle = join(root, "dist/agent/rzero.mjs");

function main() {
  const node = findNode();
  if (!node || !existsSync(join(root, "node_modules/esbuild")))
    return fail("This checkout is not set up yet: run `npm run setup`.");
  if (stale()) {
    const { status, stderr } = spawnSync(node, [join(root, "scripts/build.mjs")], {
      encoding: "utf8",
      timeout: 120_000,
    });
    if (status !== 0) return fail(`${stderr}The agent could not be built: the lines above say where.`);
  }
  if (!existsSync(bundle)) return fail(`There is no ${bundle}: remote-agent/src/cli.ts is missing from this checkout.`);
  const python = process.env.RZERO_PYTHON ?? stampedPython();
  const env = { ...process.env, ...(python && { RZERO_PYTHON: python }) };
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", bundle, ...process.argv.slice(2)], {
    stdio: "inherit",
    env,
  });
  // Ctrl-C reaches the whole foreground group: the agent decides what it means, we wait for it.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`${node} does not start: ${error.message}`));
  child.on("close", (code, signal) => {
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
  });
}

/** Whether any source is newer than the bundle. About a hundred stat calls. */
function stale() {
  if (!existsSync(bundle)) return true;
  const built = statSync(bundle).mtimeMs;
  const sources = readdirSync(join(root, "remote-agent/src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return [...sources, join(root, "package-lock.json"), join(root, "scripts/build/targets.mjs")].some(
    (path) => statSync(path).mtimeMs > built,
  );
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}

main();
