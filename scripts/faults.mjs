// The long sweeps of the fault tests and the cases that take minutes each (test/long): `npm run faults [-- pattern]`. `npm test` runs
// the files of test/faults with few repetitions; RZERO_KILLS is the number of kills (8 there, 50 here), RZERO_CUTS that of cuts of a
// link (6 there, 1,000 here).
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const projects = ["faults", "long"].flatMap((name) => ["--project", name]);
const { status } = spawnSync(process.execPath, [vitest, "run", ...projects, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    RZERO_KILLS: process.env.RZERO_KILLS ?? "50",
    RZERO_CUTS: process.env.RZERO_CUTS ?? "1000",
    OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? "1",
  },
});
process.exitCode = status ?? 1;
