// `npm run build [-- --watch] [--minify]`: dist/agent/ (the agent, deployed as it is) and dist/extension.cjs.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { build, context } from "esbuild";
import { targets } from "./build/targets.mjs";
import { root } from "./setup/paths.mjs";

const watch = process.argv.includes("--watch");
const minify = process.argv.includes("--minify");

for (const target of targets) {
  const options = { ...target, minify };
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
