// The long form of the tests in VS Code: `npm run e2e [-- pattern]`. `npm test` runs the same files with a shorter outage.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", "--project", "e2e", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, RZERO_E2E_FULL: "1", OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? "1" },
});
process.exitCode = status ?? 1;
