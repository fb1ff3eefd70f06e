// Types of what runs in Node, and of what runs in a browser: each knows only its own globals.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

const tsc = join(root, "node_modules/typescript/bin/tsc");
const failed = ["tsconfig.json", "webview/tsconfig.json"].filter((project) => {
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, project)], { cwd: root, stdio: "inherit" });
  return status !== 0;
});
process.exitCode = failed.length > 0 ? 1 : 0;
