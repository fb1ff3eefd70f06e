// `npm run build [-- --watch] [--minify]`: dist/agent/ (the agent, deployed as it is) and dist/extension.cjs.
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, context } from "esbuild";
import { root } from "./setup/paths.mjs";

const watch = process.argv.includes("--watch");
const minify = process.argv.includes("--minify");

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
  minify,
  legalComments: "none", // THIRD_PARTY_NOTICES has them
  logLevel: "warning",
};

const targets = [
  {
    ...common,
    entryPoints: [
      { in: "remote-agent/src/cli.ts", out: "rzero" },
      { in: "remote-agent/src/scoring/repetition.worker.ts", out: "repetition.worker" },
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
    external: ["vscode"],
  },
].filter((target) => target.entryPoints.length > 0);

for (const options of targets) {
  if (watch) {
    await (await context({ ...options, logLevel: "info" })).watch();
    continue;
  }
  const { outputFiles } = await build({ ...options, write: false });
  for (const { path, contents } of outputFiles) {
    replace(path, contents);
    if (!path.endsWith(".map")) console.log(`${relative(root, path)}  ${Math.round(contents.length / 1024)} kB`);
  }
}

/** Whole or not at all: another process may be starting from this very file. */
function replace(path, contents) {
  const draft = `${path}.${process.pid}.new`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(draft, contents);
  renameSync(draft, path);
}
