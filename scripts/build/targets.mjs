import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../setup/paths.mjs";
import { katexMathml } from "./katexMathml.mjs";

/** Several dependencies are CommonJS inside: they need a `require` in the ES module bundle. */
const banner = [
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
].join("\n");

/** Zod's messages in fifty languages, a quarter of a megabyte: nobody reads any but the first. */
const zodInEnglish = {
  name: "zod-in-english",
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: dirname(path),
    }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  sourcemap: true,
  legalComments: "none", // THIRD_PARTY_NOTICES has them
  logLevel: "warning",
  plugins: [zodInEnglish],
};

/** Panels of the extension: each is a page of one script and one style sheet, made from `webview/<name>/`. */
const panels = ["charts", "inspector"];

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
  {
    ...common,
    platform: "browser",
    entryPoints: panels
      .flatMap((name) => ["ts", "css"].map((extension) => ({ in: `webview/${name}/${name}.${extension}`, out: name })))
      .filter((entry) => existsSync(join(root, entry.in))),
    outdir: "dist/webview",
    format: "iife", // a script with a nonce, no modules that load each other
    target: "es2022",
    assetNames: "[name]",
    loader: { ".ttf": "file" },
    inject: [join(root, "webview/base/zodWithoutEval.ts")],
    plugins: [zodInEnglish, katexMathml],
  },
].filter((target) => target.entryPoints.length > 0);
