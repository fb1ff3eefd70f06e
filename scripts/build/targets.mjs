import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";

/** Several dependencies are CommonJS inside: they need a `require` in the ES module bundle. */
const banner = [
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
].join("\n");

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  sourcemap: true,
  legalComments: "none", // THIRD_PARTY_NOTICES has them
  logLevel: "warning",
};

/** What is built; an entry whose source is not there is left out. */
export const targets = [
  {
    ...common,
    entryPoints: [
      { in: "remote-agent/src/cli.ts", out: "rzero" },
      { in: "remote-agent/src/scoring/repetition.worker.ts", out: "repetition.worker" },
      { in: "remote-agent/src/run/index/index.worker.ts", out: "index.worker" },
    ].filter((entry) => existsSync(join(root, entry.in))),
    outdir: "dist/agent",
    outExtension: { ".js": ".mjs" },
    format: "esm",
    target: "node22",
    banner: { js: banner },
  },
  {
    ...common,
    entryPoints: [{ in: "src/extension.ts", out: "extension" }].filter((entry) => existsSync(join(root, entry.in))),
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    target: "node20",
    external: ["vscode", "cpu-features", "*.node"],
  },
].filter((target) => target.entryPoints.length > 0);
