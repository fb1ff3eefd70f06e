// Style, import rules, Python style. All are run before it fails, so that one round shows everything.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

const node = process.execPath;
const packages = join(root, "node_modules");
const rooms = ["remote-agent", "src", "webview", "test", "vitest.config.ts"].filter((path) =>
  existsSync(join(root, path)),
);

const checks = {
  "biome (style, correctness, determinism of recipes)": [
    node,
    join(packages, "@biomejs/biome/bin/biome"),
    "check",
    "--error-on-warnings",
    "--max-diagnostics=50",
  ],
  "dependency-cruiser (direction of imports)": [
    node,
    join(packages, "dependency-cruiser/bin/dependency-cruiser.mjs"),
    "--config",
    ".dependency-cruiser.cjs",
    "--output-type",
    "err-long",
    ...rooms,
  ],
  "ruff (Python)": [process.env.RZERO_PYTHON ?? "python3", "-m", "ruff", "check", "--quiet", "remote-agent/engine"],
};

const failed = Object.entries(checks).filter(([name, [program, ...args]]) => {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error || status !== 0) console.error(`✗ ${name}${error ? `: ${error.message}` : ""}`);
  return error || status !== 0;
});
process.exitCode = failed.length > 0 ? 1 : 0;
